/**
 * The deployment lock: an exclusive transaction on lock.db, held for the deployment's life. The kernel
 * frees it with the process, `kill -9` included; a pid in a file would not.
 */
import Database from 'libsql';
import { accessSync, constants } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from '../home/home';
import { isBusy } from './sqlite';

const RETRY_MS = 20;
/** Never prepared: a prepared statement keeps the file open after close(), and this is asked many times a second. */
const AT_ONCE = 'PRAGMA busy_timeout = 0';
/** Of an empty database SQLite would make a journal file, and where no file can be made nobody would get the lock. */
const IN_MEMORY = 'PRAGMA journal_mode = MEMORY';

export interface Lock {
  release(): void;
}

/** Takes the lock, or returns null when somebody holds it. */
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

/** Throws EACCES for a file that this user may not use: SQLite does not say why it cannot be opened. */
function open({ lock }: Pick<Home, 'lock'>): Database.Database {
  try {
    return new Database(lock);
  } catch (error) {
    accessSync(lock, constants.R_OK | constants.W_OK);
    throw error;
  }
}

/** Waits for the lock. */
export async function takeLock(home: Pick<Home, 'lock'>): Promise<Lock> {
  for (;;) {
    const lock = tryLock(home);
    if (lock) return lock;
    await sleep(RETRY_MS);
  }
}

/**
 * True while a deployment's process lives. It only reads: two that ask at once are not to take each other for
 * the holder, because `npm stop` ends the holder.
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
