/**
 * Simulates users: keep-alive connections that send requests without pause and never retry, so every request lost by a
 * shift is counted.
 */
import path from 'node:path';
import { Worker } from 'node:worker_threads';

export interface LoadRequest {
  method: 'GET' | 'POST';
  path: string;
  /** Sends `{"text": …}` with a different text each time, and records the answer's `id` as acknowledged. */
  json?: boolean;
  /** The statuses that count as success. Default: 200, and 201 for POST. */
  expect?: number[];
}

export interface LoadOptions {
  /** nginx's port on 127.0.0.1. */
  port: number;
  /** The number of concurrent clients. Default: 16. */
  connections?: number;
  /** The requests, sent in turn; list one twice to send it twice as often. Default: DEFAULT_MIX. */
  mix?: LoadRequest[];
  /** The request of every eighth client, so it does not delay the others. Default: SLOW; null for none. */
  slow?: LoadRequest | null;
  /** A client's pause between an answer and its next request, in milliseconds. Default: 0. */
  pauseMs?: number;
  /** The longest a client waits without receiving data, in milliseconds. Default: 30 s. */
  timeoutMs?: number;
}

export interface Failure {
  /** When the request was sent, in milliseconds since 1970, and how long it took to fail. */
  at: number;
  ms: number;
  method: string;
  path: string;
  /** Null without an answer. */
  status: number | null;
  /** The socket's error, or the start of the answer. */
  detail: string;
  /** The Retry-After header, or null. */
  retryAfter: string | null;
  /** Whether the connection had served requests before; a reload loses exactly those. */
  reused: boolean;
}

export interface LoadResult {
  requests: number;
  /** At most the first 1,000; `failures` is the full count. */
  failed: Failure[];
  failures: number;
  /** The ids in answers to POST requests; these writes must not be lost. */
  acknowledged: (string | number)[];
  /** How many answers had each `version`. */
  versions: Record<string, number>;
  slowestMs: number;
}

export interface Load {
  /** Resolves after this many more requests. Rejects when the load has ended. */
  more(requests: number): Promise<{ requests: number; failures: number }>;
  /** Lets requests in flight finish and returns the result; later calls return the same one. */
  stop(): Promise<LoadResult>;
}

/** The sample app's API: every fourth request is a write. */
export const DEFAULT_MIX: LoadRequest[] = [
  { method: 'GET', path: '/version' },
  { method: 'GET', path: '/health' },
  { method: 'GET', path: '/version' },
  { method: 'POST', path: '/api/v1/messages', json: true },
];

/** In flight during every shift. */
export const SLOW: LoadRequest = { method: 'GET', path: '/api/v1/slow?ms=2000' };

/** Readers who never pause for long: enough to notice a lost request, and little work for the machine. */
export function startReaders(port: number, path: string, { connections = 8, pauseMs = 20 } = {}): Load {
  return startLoad({ port, connections, slow: null, pauseMs, mix: [{ method: 'GET', path }] });
}

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
  let lastId = 0;
  const ended = new Promise<LoadResult>((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('the load ended without a result')));
    worker.on('message', (message: Message) => {
      if (message.type === 'result') return resolve(message.result);
      waiting.get(message.id)?.({ requests: message.requests, failures: message.failures });
      waiting.delete(message.id);
    });
  });
  // when a test fails before stop(), its own error must be the one shown
  ended.catch(() => undefined);
  const over = ended.then(() => Promise.reject(new Error('the load has ended')));
  over.catch(() => undefined);

  return {
    more(requests) {
      const id = (lastId += 1);
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
