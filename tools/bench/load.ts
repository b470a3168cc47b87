/** Starts a load and measures windows of it. */
import { fork } from 'node:child_process';
import path from 'node:path';
import type { Request } from './client';
import type { LoadMessage, LoadProcessOptions, Window } from './load-process';
import { stopAtEnd } from './processes';

export type { Window } from './load-process';

export interface Load {
  /** Measures while `work` runs. */
  during(work: () => Promise<unknown>): Promise<Window>;
  /** Freezes the load with its connections open, so that it does not disturb other measurements. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

interface LoadOptions {
  port: number;
  connections?: number;
  requests: Request[];
  /** A fixed rate, however slow the responses are. Default: as fast as responses arrive. */
  perSecond?: number;
}

const RUN = path.join(__dirname, '..', 'run.js');
const CONNECTIONS = 64;
const TIMEOUT_MS = 15_000;

export function startLoad({ port, connections = CONNECTIONS, requests, perSecond }: LoadOptions): Load {
  const everyMs = perSecond === undefined ? 0 : (1000 * connections) / perSecond;
  const options: LoadProcessOptions = { port, connections, requests, everyMs, timeoutMs: TIMEOUT_MS };
  const child = stopAtEnd(fork(RUN, ['bench/load-process', JSON.stringify(options)], { execArgv: [] }));
  const send = (message: LoadMessage): boolean => child.send(message);
  const died = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`the load exited with code ${code}`)));
  });
  died.catch(() => undefined);
  return {
    async during(work) {
      send('begin');
      await Promise.race([work(), died]);
      const answer = new Promise<Window>((resolve) =>
        child.once('message', (window) => resolve(window as Window)),
      );
      send('end');
      return Promise.race([answer, died]);
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      child.kill('SIGCONT');
      send('stop');
      await died.catch(() => undefined);
    },
  };
}
