/**
 * One SQLite file that all slots share. During a deployment the old and the new release write to it at the same
 * time, so "database is locked" is expected and retried.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Libsql from 'libsql';
import { ApiError } from './errors';

/**
 * libsql waits for a lock synchronously, and so blocks every other request, including /health. SQLite itself therefore
 * waits at most 5 ms, and further retries are asynchronous.
 */
const BUSY_TIMEOUT_MS = 5;
const RETRY_LIMIT_MS = 5_000;

type Row = Record<string, unknown>;

/** The part of the database that a query can use inside `read` or `write`. */
export interface Connection {
  /** @returns all rows. */
  all(sql: string, ...values: unknown[]): Row[];
  /** For statements that return no rows. @returns the id of the inserted row, if any. */
  run(sql: string, ...values: unknown[]): number;
  /** For schema changes, with one or more statements. */
  exec(sql: string): void;
}

export class Database {
  readonly #file: string;
  readonly #retryLimitMs: number;
  #connection: OpenConnection | undefined;
  #lastWrite: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** Opens nothing yet, so that a database created later needs no restart. */
  constructor(file: string, retryLimitMs = RETRY_LIMIT_MS) {
    this.#file = file;
    this.#retryLimitMs = retryLimitMs;
  }

  /** Only for migrations. A server must not hide a missing database behind an empty one in a new folder. */
  makeFolder(): void {
    mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
  }

  /** @throws {ApiError} `unavailable` if the file stays locked, and SQLite's own error otherwise. */
  read<T>(query: (connection: Connection) => T): Promise<T> {
    return this.#whileBusy(this.#deadline(), () => query(this.#open()));
  }

  /**
   * Runs `change` in a transaction of its own. Writes of one process queue up, so that only one at a time retries while
   * another slot holds the lock.
   * @throws like `read`, and whatever `change` throws.
   */
  write<T>(change: (connection: Connection) => T): Promise<T> {
    const deadline = this.#deadline();
    const written = this.#lastWrite.then(() => this.#whileBusy(deadline, () => this.#transaction(change)));
    this.#lastWrite = written.catch(() => undefined);
    return written;
  }

  /** Closes the file. Later reads and writes fail with `unavailable`. */
  close(): void {
    this.#closed = true;
    this.#discard();
  }

  #transaction<T>(change: (connection: Connection) => T): T {
    const connection = this.#open();
    // IMMEDIATE takes the write lock here, so that nothing changes between the reads and writes of `change`.
    connection.exec('BEGIN IMMEDIATE');
    const result = change(connection);
    connection.exec('COMMIT');
    return result;
  }

  #deadline(): number {
    return Date.now() + this.#retryLimitMs;
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
        // A random pause, so that two slots do not collide on every attempt.
        await sleep(1 + Math.random() * 3);
      }
    }
  }

  #open(): OpenConnection {
    this.#connection ??= new OpenConnection(this.#file);
    return this.#connection;
  }

  /**
   * A connection is never used again after a failure. libsql 0.5 does not reset a statement that hit a lock
   * (tursodatabase/libsql-js#238): later writes look stored on this connection but are never committed. A new
   * connection costs less than a millisecond.
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
      // WAL lets one slot read while the other writes. The mode is stored in the file, so only the first connection
      // changes anything.
      this.#sqlite.exec('PRAGMA journal_mode = WAL');
      // A commit survives kill -9, but a power cut may lose the last ones. FULL would keep them, but it blocks this
      // process for a disk flush at every write, while an install for the next release keeps the disk busy.
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
    // An open transaction keeps its lock, even after close, for as long as its statements exist.
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
