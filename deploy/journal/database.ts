/** The journal's file: its tables, and how it is written so that a busy or a full disk loses nothing. */
import Database from 'libsql';
import { KnownError } from '../core/errors';
import type { Home } from '../home';
import { useReserve } from '../reserve';
import { inTransaction, isFull } from '../sqlite';

export type JournalPlace = Pick<Home, 'journal' | 'dir'>;

const BUSY_MS = 20;
/** SQLite's names. In WAL mode NORMAL flushes when the log is folded into the file, FULL with every transaction. */
const LEVELS = { 'at-once': 'FULL', soon: 'NORMAL' } as const;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS deployments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery TEXT UNIQUE,
    state TEXT NOT NULL,
    body TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS deployments_by_state ON deployments (state);
  CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    deployment INTEGER,
    at INTEGER NOT NULL,
    entry TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS events_by_deployment ON events (deployment, id);
  CREATE TABLE IF NOT EXISTS tips (
    source TEXT NOT NULL,
    branch TEXT NOT NULL,
    tip TEXT,
    PRIMARY KEY (source, branch)
  );
`;

/**
 * When what is written is on the disk. `at-once`: before anything follows; a flush of the disk, some milliseconds.
 * `soon`: with whatever is written at once after it; only a power cut can come before, a kill cannot.
 */
export type Kept = 'at-once' | 'soon';

export class JournalDatabase {
  private db: Database.Database;
  private keeping: Kept = 'at-once';

  /** Throws E_NOT_STARTED without a home. */
  constructor(private readonly home: JournalPlace) {
    this.db = connect(home);
  }

  /** Makes the tables. Once, by whoever makes the home. */
  async makeTables(): Promise<void> {
    // of a journal that is in use this changes nothing, and waits for nobody
    this.db.exec('PRAGMA journal_mode = WAL');
    await this.write(() => this.db.exec(SCHEMA));
  }

  prepare(sql: string): Database.Statement {
    return this.db.prepare(sql);
  }

  close(): void {
    this.db.close();
  }

  /** All of the work or none of it. Throws E_DISK. */
  async write<T>(work: () => T, kept: Kept = 'at-once'): Promise<T> {
    try {
      return await inTransaction(() => this.that(kept), work);
    } catch (error) {
      if (!isFull(error)) throw error;
      return this.writeWithReserve(work);
    }
  }

  /** The connection, set to keep so what it writes next. Inside of a transaction that is set already. */
  private that(kept: Kept): Database.Database {
    if (kept !== this.keeping) this.db.exec(`PRAGMA synchronous = ${LEVELS[kept]}`);
    this.keeping = kept;
    return this.db;
  }

  /** A rollback must go through on a full disk too. Throws E_DISK when there is no room even so. */
  private async writeWithReserve<T>(work: () => T): Promise<T> {
    useReserve(this.home);
    // libsql never resets a prepared statement that failed: what is written beside it would be lost
    this.db.close();
    this.db = connect(this.home);
    this.keeping = 'at-once';
    try {
      return await inTransaction(() => this.db, work);
    } catch (error) {
      throw isFull(error) ? new KnownError('E_DISK', `There is no room left in ${this.home.dir}.`) : error;
    }
  }
}

function connect(home: Pick<Home, 'journal' | 'dir'>): Database.Database {
  let db: Database.Database;
  try {
    db = new Database(home.journal);
  } catch {
    throw new KnownError('E_NOT_STARTED', `Nothing was started here yet (no journal in ${home.dir}).`);
  }
  db.pragma(`busy_timeout = ${BUSY_MS}`);
  db.pragma(`synchronous = ${LEVELS['at-once']}`);
  return db;
}
