/**
 * SQLite without blocking the event loop. It waits synchronously, so the time-out is short, and a database that
 * is busy is asked again later, between turns of the event loop.
 */
import type Database from 'libsql';
import { setTimeout as sleep } from 'node:timers/promises';
import { machineMs } from '../os/machine-clock';

const RETRY_MS = 10;
const GIVE_UP_AFTER_MS = 10_000;

/**
 * Does the work in a transaction, all of it or nothing, as soon as nobody else writes.
 * @param connection the one to use: it may be replaced while this waits
 */
export async function inTransaction<T>(connection: () => Database.Database, work: () => T): Promise<T> {
  const deadline = machineMs() + GIVE_UP_AFTER_MS;
  while (!begin(connection())) {
    if (machineMs() > deadline)
      throw new Error(`${connection().name} was locked by another process for 10 s`);
    await sleep(RETRY_MS);
  }
  const db = connection();
  // nothing is awaited from here on: another write of this process would fall into this transaction
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
 * False when somebody else writes just now. Only this statement may be refused: libsql never resets a prepared
 * one that was, and what is written on its connection afterwards is lost.
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

/** True when SQLite says that somebody else writes just now. */
export function isBusy(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return code?.startsWith('SQLITE_BUSY') === true || /database is locked/.test(message ?? '');
}

/** True when there was no room on the disk for what was written. */
export function isFull(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return /^SQLITE_(FULL|IOERR)/.test(code ?? '') || /disk is full|disk I\/O error/.test(message ?? '');
}
