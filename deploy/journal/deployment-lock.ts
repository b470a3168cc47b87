/**
 * The deployment lock: an exclusive transaction on lock.db, held while the deployment is running. The kernel releases
 * it with the process, even after `kill -9`, whereas a pid file would remain.
 */
import Database from 'libsql';
import { accessSync, constants } from 'node:fs';
import type { Home } from '../home/home';
import { waitUntil } from '../os/wait-until';
import { isBusy } from './sqlite';

const RETRY_MS = 20;
/**
 * Executed, not prepared: a prepared statement keeps the file open after close(), and the lock is
 * checked many times a second.
 */
const AT_ONCE = 'PRAGMA busy_timeout = 0';
/**
 * For an empty database SQLite would create a journal file, and on a full or read-only disk no process could take the
 * lock.
 */
const IN_MEMORY = 'PRAGMA journal_mode = MEMORY';

export interface Lock {
  release(): void;
}

/** Takes the lock, or returns null if another process holds it. Throws EACCES. */
export function tryLock(home: Pick<Home, 'lock'>): Lock | null {
  const db = open(home);
  try {
    db.exec(AT_ONCE);
    db.exec(IN_MEMORY);
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (isBusy(error)) return null;
    throw error;
  }
  return {
    release: () => {
      db.exec('ROLLBACK');
      db.close();
    },
  };
}

/** Opens the lock file. Throws EACCES if this user may not use it, because SQLite does not say why an open failed. */
function open({ lock }: Pick<Home, 'lock'>): Database.Database {
  try {
    return new Database(lock);
  } catch (error) {
    accessSync(lock, constants.R_OK | constants.W_OK);
    throw error;
  }
}

/** Waits until it has the lock. */
export async function takeLock(home: Pick<Home, 'lock'>): Promise<Lock> {
  return (await lockWithin(home, Infinity)) as Lock;
}

/** Waits for the lock; null if the time limit passes first. */
export function lockWithin(home: Pick<Home, 'lock'>, withinMs: number): Promise<Lock | null> {
  return waitUntil(() => tryLock(home), { everyMs: RETRY_MS, withinMs });
}

/**
 * True while a deployment's process is alive. Takes only a read lock: two concurrent checks must not mistake each other
 * for the holder, because `npm stop` kills the holder.
 */
export function isLocked(home: Pick<Home, 'lock'>): boolean {
  const db = open(home);
  try {
    db.exec(AT_ONCE);
    db.exec('SELECT 1 FROM sqlite_master');
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    db.close();
  }
}
