/** `npm start` and `npm stop` one at a time: two at once would end what the other has just begun. */
import path from 'node:path';
import { KnownError } from '../core/errors';
import type { Home } from '../home';
import { tryLock } from '../lock';

/** The file whose lock says that one is at work. */
export function turnFile(home: Pick<Home, 'dir'>): string {
  return path.join(home.dir, 'start.db');
}

/** Does the work while nobody else starts or stops this home. Throws E_USAGE when somebody does. */
export async function inTurn<T>(home: Pick<Home, 'dir'>, work: () => Promise<T>): Promise<T> {
  const lock = tryLock({ lock: turnFile(home) });
  if (!lock) {
    const message = 'Another npm start or npm stop is at work here.';
    throw new KnownError('E_USAGE', message, 'Wait for it to end, then try again.');
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
