/** Serialises `npm start` and `npm stop`: if they ran concurrently, one would stop what the other has just started. */
import path from 'node:path';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { lockWithin } from './deployment-lock';

/** The file whose lock a running `npm start` or `npm stop` holds. */
export function setupLockFile(home: Pick<Home, 'dir'>): string {
  return path.join(home.dir, 'start.db');
}

/** An `npm start` that only checks, or applies a small change, finishes within this time. */
const LONGEST_WAIT_MS = 3000;

/** Runs the work while no other process starts or stops this home. Throws E_USAGE if the other process takes longer. */
export async function withSetupLock<T>(home: Pick<Home, 'dir'>, work: () => Promise<T>): Promise<T> {
  const lock = await lockWithin({ lock: setupLockFile(home) }, LONGEST_WAIT_MS);
  if (!lock) {
    const message = 'Another npm start or npm stop is running here.';
    throw new KnownError('E_USAGE', message, 'Wait until it has finished, then try again.');
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
