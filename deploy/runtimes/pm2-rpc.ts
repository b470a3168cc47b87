/**
 * One question to PM2's daemon, over the socket that PM2's own API uses.
 *
 * PM2's API itself is left aside, because it launches a daemon with the caller's whole environment when
 * none answers, sends a path with a space through bash, changes the caller's `process.env`, and never
 * calls back when the daemon dies while it is asked.
 */
import path from 'node:path';
import type { RequestSocket } from 'pm2/modules/pm2-axon';
import { KnownError } from '../core/errors';
import type { Home } from '../home';

/** What `getMonitorData` and `prepare` say of a process; of PM2's many fields, those we read. */
export interface Pm2Process {
  pid?: number;
  name: string;
  pm_id: number;
  pm2_env: {
    status: string;
    restart_time: number;
    exit_code?: number;
    env?: Record<string, string | undefined>;
  };
}

/** Nobody listens on PM2's socket. */
export class Pm2Down extends Error {}

const ANSWER_WITHIN_MS = 10_000;

/** Throws Pm2Down when no daemon listens, and E_RUNTIME when it dies, refuses or is silent for `limitMs`. */
export function askPm2<T>(
  home: Pick<Home, 'pm2'>,
  method: string,
  argument: unknown = {},
  limitMs = ANSWER_WITHIN_MS,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const { socket, Client } = transport();
    let connected = false;
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      socket.close();
      act();
    };
    const fail = (what: string): void =>
      settle(() => reject(new KnownError('E_RUNTIME', `PM2 ${what} (${method}).`)));
    const timer = setTimeout(() => fail(`did not answer within ${limitMs / 1000} s`), limitMs);

    socket.once('error', (error) => fail(`cannot be reached: ${error.message}`));
    socket.once('close', () => {
      if (connected) fail('ended while it was asked');
      else settle(() => reject(new Pm2Down(`no PM2 daemon in ${home.pm2}`)));
    });
    socket.once('connect', () => {
      connected = true;
      new Client(socket).call(method, argument, (error, value) => {
        if (error) fail(`refused: ${error instanceof Error ? error.message : error}`);
        else settle(() => resolve(value as T));
      });
    });
    socket.connect(path.join(home.pm2, 'rpc.sock'));
  });
}

/** All processes that PM2 keeps; none when its daemon is down. Throws E_RUNTIME when it does not answer. */
export async function pm2Processes(home: Pick<Home, 'pm2'>): Promise<Pm2Process[]> {
  try {
    return await askPm2<Pm2Process[]>(home, 'getMonitorData');
  } catch (error) {
    if (error instanceof Pm2Down) return [];
    throw error;
  }
}

/** Loaded when it is first needed: most commands never talk to PM2. */
function transport(): { socket: RequestSocket; Client: typeof import('pm2/modules/pm2-axon-rpc').Client } {
  /* eslint-disable @typescript-eslint/no-require-imports */
  const axon = require('pm2/modules/pm2-axon') as typeof import('pm2/modules/pm2-axon');
  const rpc = require('pm2/modules/pm2-axon-rpc') as typeof import('pm2/modules/pm2-axon-rpc');
  /* eslint-enable @typescript-eslint/no-require-imports */
  // 0: a lost connection is told to us instead of being tried again for ever
  const socket = axon.socket('req').set('retry timeout', 0);
  return { socket, Client: rpc.Client };
}
