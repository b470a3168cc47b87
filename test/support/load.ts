/**
 * Users, for a test: keep-alive connections that ask without pause and never ask twice, so that every request a
 * shift loses is seen.
 */
import path from 'node:path';
import { Worker } from 'node:worker_threads';

export interface LoadRequest {
  method: 'GET' | 'POST';
  path: string;
  /** Sends `{"text": …}`, a different text each time; the answer's `id` is then kept as acknowledged. */
  json?: boolean;
  /** The statuses that are no failure. Default: 200, and 201 for POST. */
  expect?: number[];
}

export interface LoadOptions {
  /** The port nginx serves on 127.0.0.1. */
  port: number;
  /** How many clients ask at the same time. Default: 16. */
  connections?: number;
  /** What is asked, in turn; a request that stands twice is asked twice as often. Default: DEFAULT_MIX. */
  mix?: LoadRequest[];
  /** What every eighth client asks instead, so that it does not hold up the others. Default: SLOW; null for nothing. */
  slow?: LoadRequest | null;
  /** What a client waits between an answer and its next request, in milliseconds. Default: 0. */
  pauseMs?: number;
  /** The longest a client waits for anything to come, in milliseconds. Default: 30 s. */
  timeoutMs?: number;
}

export interface Failure {
  /** When it was asked, in milliseconds since 1970, and how long it took to fail. */
  at: number;
  ms: number;
  method: string;
  path: string;
  /** Null when there was no answer. */
  status: number | null;
  /** The socket's error, or the beginning of the answer. */
  detail: string;
  /** The header by which the client is told to come back; null without one. */
  retryAfter: string | null;
  /** Whether the connection had served requests before: those are the ones a reload loses. */
  reused: boolean;
}

export interface LoadResult {
  requests: number;
  /** At most the first 1,000; `failures` is their true number. */
  failed: Failure[];
  failures: number;
  /** The ids that a POST was answered with: these writes must be found again. */
  acknowledged: (string | number)[];
  /** How often each `version` was in an answer. */
  versions: Record<string, number>;
  slowestMs: number;
}

export interface Load {
  /** Resolves when so many further requests are over. Rejects when the load has ended. */
  more(requests: number): Promise<{ requests: number; failures: number }>;
  /** Lets the requests under way end, and tells what has happened. The same result however often it is called. */
  stop(): Promise<LoadResult>;
}

/** The sample app's API: reads, and every fourth request a write. */
export const DEFAULT_MIX: LoadRequest[] = [
  { method: 'GET', path: '/version' },
  { method: 'GET', path: '/health' },
  { method: 'GET', path: '/version' },
  { method: 'POST', path: '/api/v1/messages', json: true },
];

/** Always under way when a shift comes. */
export const SLOW: LoadRequest = { method: 'GET', path: '/api/v1/slow?ms=2000' };

export function startLoad(options: LoadOptions): Load {
  const worker = new Worker(path.join(__dirname, 'load-worker.js'), {
    workerData: {
      port: options.port,
      connections: options.connections ?? 16,
      mix: (options.mix ?? DEFAULT_MIX).map(withExpectation),
      slow: options.slow === null ? null : withExpectation(options.slow ?? SLOW),
      pauseMs: options.pauseMs ?? 0,
      timeoutMs: options.timeoutMs ?? 30_000,
    },
  });
  const waiting = new Map<number, (progress: { requests: number; failures: number }) => void>();
  let asked = 0;
  const ended = new Promise<LoadResult>((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('the load ended without a result')));
    worker.on('message', (message: Message) => {
      if (message.type === 'result') return resolve(message.result);
      waiting.get(message.id)?.({ requests: message.requests, failures: message.failures });
      waiting.delete(message.id);
    });
  });
  // a test that fails before stop() has its own error to show
  ended.catch(() => undefined);
  const over = ended.then(() => Promise.reject(new Error('the load has ended')));
  over.catch(() => undefined);

  return {
    more(requests) {
      const id = (asked += 1);
      const reached = new Promise<{ requests: number; failures: number }>((resolve) =>
        waiting.set(id, resolve),
      );
      worker.postMessage({ type: 'progress', requests, id });
      return Promise.race([reached, over]);
    },
    stop() {
      worker.postMessage({ type: 'stop' });
      return ended;
    },
  };
}

type Message =
  | { type: 'result'; result: LoadResult }
  | { type: 'progress'; id: number; requests: number; failures: number };

function withExpectation(request: LoadRequest): LoadRequest {
  return { expect: request.method === 'POST' ? [200, 201] : [200], ...request };
}
