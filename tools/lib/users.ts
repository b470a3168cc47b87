/** Simulates users. Each has a connection and cookies, as in a browser, and repeats one request without ever retrying. */
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const DEFAULTS = { count: 8, pauseMs: 10 };

export interface UserAnswer {
  /** Counted from 0. */
  user: number;
  /** Null if there was no complete response. */
  status: number | null;
  retryAfter: string | undefined;
  body: string;
}

/** Cookies by name. */
type Jar = Map<string, string>;

export class Users {
  private readonly totals = { asked: 0, failed: 0 };
  private stopping = false;
  private running: Promise<void>[] = [];

  /** @param port nginx's */
  constructor(
    private readonly port: number,
    private readonly habits = DEFAULTS,
    private readonly onAnswer: (answer: UserAnswer) => void = () => undefined,
  ) {}

  /** Returns their number. */
  start(): number {
    this.running = Array.from({ length: this.habits.count }, (_, user) => this.repeat(user));
    return this.habits.count;
  }

  /** Lets the requests in flight finish. */
  async stop(): Promise<{ asked: number; failed: number }> {
    this.stopping = true;
    await Promise.all(this.running);
    return this.totals;
  }

  private async repeat(user: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const jar: Jar = new Map();
    while (!this.stopping) {
      const answer = { user, ...(await ask(agent, this.port, jar)) };
      this.totals.asked += 1;
      if (answer.status !== 200) this.totals.failed += 1;
      this.onAnswer(answer);
      // random, so that users do not send requests in step
      await sleep(this.habits.pauseMs * (0.5 + Math.random()));
    }
    agent.destroy();
  }
}

function ask(agent: Agent, port: number, jar: Jar): Promise<Omit<UserAnswer, 'user'>> {
  return new Promise((resolve) => {
    const noAnswer = (): void => resolve({ status: null, retryAfter: undefined, body: '' });
    const headers = jar.size > 0 ? { cookie: [...jar.values()].join('; ') } : {};
    const request = get({ host: '127.0.0.1', port, path: '/version', agent, headers }, (response) => {
      keepCookies(jar, response.headers['set-cookie'] ?? []);
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? null, retryAfter: response.headers['retry-after'], body }),
      );
      response.on('error', noAnswer);
    });
    request.on('error', noAnswer);
  });
}

/** @param received as in Set-Cookie */
function keepCookies(jar: Jar, received: string[]): void {
  for (const cookie of received) {
    const [pair = ''] = cookie.split(';');
    jar.set(pair.split('=')[0] ?? '', pair);
  }
}
