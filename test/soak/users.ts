/** A few users, who ask all the time and never twice for the same: what they saw, and when. */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Commit } from '../../deploy/core/release';
import { until } from '../support/until';

const USERS = 8;
/** About three hundred requests a second. */
const PAUSE_MS = 25;
const TIMEOUT_MS = 10_000;

export interface Sample {
  /** When it was asked and when it was answered, in milliseconds since 1970. */
  asked: number;
  answered: number;
  /** Null when nobody answered, or not to the end. */
  status: number | null;
  retryAfter: string | undefined;
  commit: Commit | null;
}

export interface Users {
  /** Forgets what they saw until now. */
  forget(): void;
  /** Waits until each of them has had an answer to what was asked from now on, and returns all they saw. */
  samples(): Promise<Sample[]>;
  leave(): Promise<void>;
}

export function usersOf(port: number): Users {
  let samples: Sample[] = [];
  let leaving = false;
  const present = Array.from({ length: USERS }, async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    while (!leaving) {
      samples.push(await ask(agent, port));
      await sleep(PAUSE_MS);
    }
    agent.destroy();
  });
  return {
    forget: () => void (samples = []),
    async samples() {
      const now = Date.now();
      await until('answers', () => samples.filter(({ asked }) => asked >= now).length >= USERS);
      return samples;
    },
    async leave() {
      leaving = true;
      await Promise.all(present);
    },
  };
}

/** For how long users did not get the commit, from a moment on to the last time, in milliseconds; 0 for never. */
export function msUntilRight(samples: Sample[], since: number, right: Commit): number {
  const wrong = samples.filter(({ asked, commit }) => asked >= since && commit !== right);
  return Math.max(0, ...wrong.map(({ answered }) => answered - since));
}

/** A request for which nobody had anything; the maintenance page is an answer that in-place is allowed. */
export function failures(samples: Sample[], strategy: string): Sample[] {
  const isPage = ({ status, retryAfter }: Sample): boolean => status === 503 && retryAfter !== undefined;
  return samples.filter((each) => each.status !== 200 && !(strategy === 'in-place' && isPage(each)));
}

function ask(agent: http.Agent, port: number): Promise<Sample> {
  const asked = Date.now();
  return new Promise((resolve) => {
    const tell = (answer: Partial<Sample> = {}): void =>
      resolve({ status: null, retryAfter: undefined, commit: null, ...answer, asked, answered: Date.now() });
    const asking = http.get({ host: '127.0.0.1', port, path: '/version', agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('error', () => tell());
      response.on('end', () =>
        tell({
          status: response.statusCode ?? null,
          retryAfter: response.headers['retry-after'],
          commit: response.statusCode === 200 ? (JSON.parse(body) as { commit: Commit }).commit : null,
        }),
      );
    });
    asking.setTimeout(TIMEOUT_MS, () => asking.destroy(new Error('no answer')));
    asking.on('error', () => tell());
  });
}
