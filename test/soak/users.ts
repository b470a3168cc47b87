/** A few users who send requests all the time and never retry, with the answers they got. */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Commit } from '../../deploy/core/release';
import { until } from '../support/until';

const USERS = 8;
/** About three hundred requests a second. */
const PAUSE_MS = 25;
const TIMEOUT_MS = 10_000;

export interface Sample {
  /** Times of request and answer, in milliseconds since 1970. */
  sent: number;
  answered: number;
  /** Null without a complete answer. */
  status: number | null;
  retryAfter: string | undefined;
  commit: Commit | null;
}

export interface Users {
  /** Drops the samples so far. */
  forget(): void;
  /** Waits until every user has an answer to a request sent from now on, and returns all samples. */
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
      await until('answers', () => samples.filter(({ sent }) => sent >= now).length >= USERS);
      return samples;
    },
    async leave() {
      leaving = true;
      await Promise.all(present);
    },
  };
}

/** Milliseconds from `since` to the last answer with another commit; 0 without one. */
export function msUntilRight(samples: Sample[], since: number, right: Commit): number {
  const wrong = samples.filter(({ sent, commit }) => sent >= since && commit !== right);
  return Math.max(0, ...wrong.map(({ answered }) => answered - since));
}

/** Failed requests. In-place may answer with the maintenance page. */
export function failures(samples: Sample[], strategy: string): Sample[] {
  const isPage = ({ status, retryAfter }: Sample): boolean => status === 503 && retryAfter !== undefined;
  return samples.filter((each) => each.status !== 200 && !(strategy === 'in-place' && isPage(each)));
}

function ask(agent: http.Agent, port: number): Promise<Sample> {
  const sent = Date.now();
  return new Promise((resolve) => {
    const finish = (answer: Partial<Sample> = {}): void =>
      resolve({ status: null, retryAfter: undefined, commit: null, ...answer, sent, answered: Date.now() });
    const asking = http.get({ host: '127.0.0.1', port, path: '/version', agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('error', () => finish());
      response.on('end', () =>
        finish({
          status: response.statusCode ?? null,
          retryAfter: response.headers['retry-after'],
          commit: response.statusCode === 200 ? (JSON.parse(body) as { commit: Commit }).commit : null,
        }),
      );
    });
    asking.setTimeout(TIMEOUT_MS, () => asking.destroy(new Error('no answer')));
    asking.on('error', () => finish());
  });
}
