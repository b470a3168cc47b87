/**
 * One SQLite file that both slots share. During a deployment the old and the new release write to it at the same
 * time, so "database is locked" is an ordinary answer here and not a failure.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Libsql from 'libsql';
import { ApiError } from './errors';

/**
 * libsql waits for a lock inside a synchronous call: for that long nothing else is served, /health included. So
 * SQLite itself waits 5 ms at most, and the rest of the patience is asynchronous.
 */
const BUSY_TIMEOUT_MS = 5;
const PATIENCE_MS = 5_000;

type Row = Record<string, unknown>;

/** What a query sees of the database, inside `read` or `write`. */
export interface Connection {
  /** @returns all rows. */
  all(sql: string, ...values: unknown[]): Row[];
  /** For statements without rows. @returns the id of the row that an INSERT made. */
  run(sql: string, ...values: unknown[]): number;
  /** For schema changes: may hold several statements. */
  exec(sql: string): void;
}

export class Database {
  readonly #file: string;
  readonly #patienceMs: number;
  #connection: OpenConnection | undefined;
  #lastWrite: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** Opens nothing yet: a database that is missing now and there in a second needs no restart. */
  constructor(file: string, patienceMs = PATIENCE_MS) {
    this.#file = file;
    this.#patienceMs = patienceMs;
  }

  /** For whoever migrates. A server does not: an empty database in a new folder would hide that the real one is gone. */
  makeFolder(): void {
    mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
  }

  /** @throws {ApiError} `unavailable` if the file stays locked; SQLite's own error for any other reason. */
  read<T>(query: (connection: Connection) => T): Promise<T> {
    return this.#whileBusy(this.#deadline(), () => query(this.#open()));
  }

  /**
   * Runs `change` in a transaction of its own: all of it is stored, or nothing. Writes of one process queue up, so
   * that while the other slot holds the lock a single one asks for it, and not each of hundreds in turn.
   * @throws as `read` does, and whatever `change` throws.
   */
  write<T>(change: (connection: Connection) => T): Promise<T> {
    const deadline = this.#deadline();
    const written = this.#lastWrite.then(() => this.#whileBusy(deadline, () => this.#transaction(change)));
    this.#lastWrite = written.catch(() => undefined);
    return written;
  }

  /** Closes the file; whoever reads or writes later is refused with `unavailable`. */
  close(): void {
    this.#closed = true;
    this.#discard();
  }

  #transaction<T>(change: (connection: Connection) => T): T {
    const connection = this.#open();
    // IMMEDIATE takes the write lock here, so that what `change` reads is still true when it writes.
    connection.exec('BEGIN IMMEDIATE');
    const result = change(connection);
    connection.exec('COMMIT');
    return result;
  }

  #deadline(): number {
    return Date.now() + this.#patienceMs;
  }

  async #whileBusy<T>(deadline: number, attempt: () => T): Promise<T> {
    for (;;) {
      if (this.#closed) throw new ApiError('unavailable', 'The server is stopping.');
      try {
        return attempt();
      } catch (error) {
        this.#discard();
        if (!isBusy(error)) throw error;
        if (Date.now() >= deadline) throw new ApiError('unavailable', 'The database is busy.');
        // At random, or two slots that met once would meet at every attempt.
        await sleep(1 + Math.random() * 3);
      }
    }
  }

  #open(): OpenConnection {
    this.#connection ??= new OpenConnection(this.#file);
    return this.#connection;
  }

  /**
   * After a failure a connection is never used again. libsql 0.5 does not reset a statement that met a lock
   * (tursodatabase/libsql-js#238): what is written after it looks stored, to this connection alone, and is never
   * committed. Opening another one costs less than a millisecond.
   */
  #discard(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
  }
}

class OpenConnection implements Connection {
  readonly #sqlite: Libsql.Database;
  readonly #statements = new Map<string, Libsql.Statement>();

  constructor(file: string) {
    this.#sqlite = new Libsql(file, { timeout: BUSY_TIMEOUT_MS });
    try {
      // WAL lets one slot read while the other writes. It is stored in the file, so all but the first are told
      // nothing new.
      this.#sqlite.exec('PRAGMA journal_mode = WAL');
      // A commit survives kill -9, but a power cut may take the last ones. FULL would not lose them; it would stop
      // this whole process for a disk flush at every write, and an install for the next release keeps disks busy.
      this.#sqlite.exec('PRAGMA synchronous = NORMAL');
    } catch (error) {
      this.#sqlite.close();
      throw error;
    }
  }

  all(sql: string, ...values: unknown[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  run(sql: string, ...values: unknown[]): number {
    return Number(this.#statement(sql).run(...values).lastInsertRowid);
  }

  exec(sql: string): void {
    this.#sqlite.exec(sql);
  }

  close(): void {
    // An open transaction would outlive the connection, lock and all, for as long as its statements do.
    if (this.#sqlite.inTransaction) this.#sqlite.exec('ROLLBACK');
    this.#statements.clear();
    this.#sqlite.close();
  }

  #statement(sql: string): Libsql.Statement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#sqlite.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function isBusy(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'));
}
