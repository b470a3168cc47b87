/**
 * Calls PM2's daemon over the socket that PM2's own API uses.
 *
 * PM2's API itself is unsuitable: it launches a daemon with the caller's whole environment if none responds, passes a
 * path with a space through bash, and changes the caller's `process.env`. It also never calls back if the daemon dies
 * during a call.
 */
import path from 'node:path';
import { KnownError } from '../../core/errors';
import type { Home } from '../../home/home';

/** The fields we read of a process in `getMonitorData` and `prepare`. */
export interface Pm2Process {
  pid?: number;
  name: string;
  pm_id: number;
  pm2_env: {
    status: string;
    restart_time: number;
    exit_code?: number;
    /** Recorded by our own program; see logging.ts. */
    last_end?: { signal: string | null };
    env?: Record<string, string | undefined>;
  };
}

/** PM2's daemon is not running, or it died during the call. */
export class Pm2Down extends KnownError {
  constructor(home: Pick<Home, 'pm2'>) {
    super('E_RUNTIME', `PM2's daemon for ${home.pm2} is not running.`);
  }
}

const ANSWER_WITHIN_MS = 10_000;

/**
 * Calls a method of the daemon. Throws Pm2Down if there is no daemon, and E_RUNTIME if it refuses or stays silent for
 * `limitMs`.
 */
export async function callPm2<T>(
  home: Pick<Home, 'pm2'>,
  method: string,
  argument: unknown = {},
  limitMs = ANSWER_WITHIN_MS,
): Promise<T> {
  // loaded on demand, because most commands never need it
  const { socket: connection } = await import('pm2/modules/pm2-axon');
  const { Client } = await import('pm2/modules/pm2-axon-rpc');
  return new Promise<T>((resolve, reject) => {
    // 0: report a lost connection instead of retrying forever
    const socket = connection('req').set('retry timeout', 0);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      socket.close();
      act();
    };
    const fail = (what: string): void =>
      settle(() => reject(new KnownError('E_RUNTIME', `PM2 ${what} (${method}).`)));
    const timer = setTimeout(() => fail(`did not answer within ${limitMs / 1000} s`), limitMs);

    socket.once('error', (error) => fail(`cannot be reached: ${error.message}`));
    socket.once('close', () => settle(() => reject(new Pm2Down(home))));
    socket.once('connect', () => {
      new Client(socket).call(method, argument, (error, value) => {
        if (error) fail(`refused: ${error instanceof Error ? error.message : error}`);
        else settle(() => resolve(value as T));
      });
    });
    socket.connect(path.join(home.pm2, 'rpc.sock'));
  });
}

/** All processes that PM2 manages; none if its daemon is down. Throws E_RUNTIME if it does not respond. */
export async function pm2Processes(home: Pick<Home, 'pm2'>): Promise<Pm2Process[]> {
  try {
    return await callPm2<Pm2Process[]>(home, 'getMonitorData');
  } catch (error) {
    if (error instanceof Pm2Down) return [];
    throw error;
  }
}
