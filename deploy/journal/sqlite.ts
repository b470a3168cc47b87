/**
 * Runs SQLite transactions without blocking the event loop. SQLite waits synchronously, so the timeout is short and a
 * busy database is retried later, between turns of the event loop.
 */
import type Database from 'libsql';
import { setTimeout as sleep } from 'node:timers/promises';
import { machineMs } from '../os/machine-clock';

const RETRY_MS = 10;
const GIVE_UP_AFTER_MS = 10_000;

/**
 * Runs the work in one transaction as soon as no other process is writing.
 * @param connection returns the current connection, which may be replaced during the wait
 */
export async function inTransaction<T>(connection: () => Database.Database, work: () => T): Promise<T> {
  const deadline = machineMs() + GIVE_UP_AFTER_MS;
  while (!begin(connection())) {
    if (machineMs() > deadline)
      throw new Error(`${connection().name} was locked by another process for 10 s`);
    await sleep(RETRY_MS);
  }
  const db = connection();
  // no await from here on: another write of this process would join this transaction
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Starts a transaction; false if another process is writing. Only this statement may fail as busy: libsql never resets
 * a prepared statement that has failed so, and later writes on its connection are lost.
 */
function begin(db: Database.Database): boolean {
  try {
    db.exec('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

/** True if SQLite reports that another process is writing. */
export function isBusy(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return code?.startsWith('SQLITE_BUSY') === true || /database is locked/.test(message ?? '');
}

/** True if the disk was full. */
export function isFull(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return /^SQLITE_(FULL|IOERR)/.test(code ?? '') || /disk is full|disk I\/O error/.test(message ?? '');
}
