/** The journal's SQLite file: its migration, and writes that succeed despite a busy or a full disk. */
import Database from 'libsql';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { asDiskFailure, probeDisk } from '../os/disk-failure';
import { releaseReserve } from '../home/disk-reserve';
import { FORMAT, MIGRATIONS, SCHEMA } from './schema';
import { inTransaction, isFull } from './sqlite';

export type JournalPlace = Pick<Home, 'journal' | 'dir'>;

const BUSY_MS = 20;
/** SQLite's levels. In WAL mode, NORMAL flushes at checkpoints and FULL with every transaction. */
const LEVELS = { 'at-once': 'FULL', soon: 'NORMAL' } as const;

/** How long a migration waits for another process that is writing. */
const MIGRATION_BUSY_MS = 5000;

/**
 * When a write reaches the disk. `at-once`: before `write` resolves, by a flush that takes some milliseconds. `soon`:
 * with the next `at-once` write; until then a power cut can lose it, but a kill cannot.
 */
export type Durability = 'at-once' | 'soon';

export class JournalDatabase {
  private db: Database.Database;
  private keeping: Durability = 'at-once';

  /** Throws E_NOT_STARTED without a home, E_JOURNAL for a file that this user may not use or a newer kit wrote. */
  constructor(private readonly home: JournalPlace) {
    this.db = connect(home);
    this.migrate();
  }

  /** Creates the tables. Called once, when the home is created. */
  async makeTables(): Promise<void> {
    // on a journal in use, this changes nothing and waits for no lock
    this.db.exec('PRAGMA journal_mode = WAL');
    await this.write(() => this.db.exec(SCHEMA));
    this.migrate();
  }

  /** Does nothing if the tables do not exist yet. */
  private migrate(): void {
    if (!isOlder(this.db)) return;
    this.db.pragma(`busy_timeout = ${MIGRATION_BUSY_MS}`);
    this.db.exec('BEGIN IMMEDIATE');
    try {
      // another process may already have migrated it
      const missing = isOlder(this.db) ? MIGRATIONS.slice(formatOf(this.db)) : [];
      for (const step of missing) this.db.exec(step);
      if (missing.length > 0) this.db.exec(`PRAGMA user_version = ${FORMAT}`);
      this.db.exec('COMMIT');
    } catch (error) {
      // closing the connection is not enough: it keeps its lock as long as libsql keeps its statements
      if (this.db.inTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
    this.db.pragma(`busy_timeout = ${BUSY_MS}`);
  }

  prepare(sql: string): Database.Statement {
    return this.db.prepare(sql);
  }

  close(): void {
    this.db.close();
  }

  /** Runs the work in one transaction. Throws E_DISK, E_READ_ONLY, E_DISK_FAILS. */
  async write<T>(work: () => T, kept: Durability = 'at-once'): Promise<T> {
    try {
      return await inTransaction(() => this.that(kept), work);
    } catch (error) {
      const failure = asDiskFailure(this.home.dir, error);
      const isHopeless = failure !== null && failure.code !== 'E_DISK';
      if (isHopeless || !isFull(error)) throw failure ?? error;
      return this.writeWithReserve(work);
    }
  }

  /** The connection, set to this durability. Inside a transaction it is already set. */
  private that(kept: Durability): Database.Database {
    if (kept !== this.keeping) this.db.exec(`PRAGMA synchronous = ${LEVELS[kept]}`);
    this.keeping = kept;
    return this.db;
  }

  /**
   * On a full disk, frees the disk reserve and retries the write, so that a rollback still works. Throws E_DISK if the
   * reserve is not enough.
   */
  private async writeWithReserve<T>(work: () => T): Promise<T> {
    releaseReserve(this.home);
    // libsql never resets a prepared statement that failed, so later writes on its connection would be lost
    this.db.close();
    this.db = connect(this.home);
    this.keeping = 'at-once';
    try {
      return await inTransaction(() => this.db, work);
    } catch (error) {
      const failure = asDiskFailure(this.home.dir, error);
      if (failure === null && isFull(error)) {
        throw new KnownError('E_DISK', `No space is left in ${this.home.dir}.`);
      }
      throw failure ?? error;
    }
  }
}

function formatOf(db: Database.Database): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

/** Whether the file needs a migration. Throws E_JOURNAL for a version that only a newer kit knows. */
function isOlder(db: Database.Database): boolean {
  const format = formatOf(db);
  if (format > FORMAT) {
    const said = `The journal belongs to a newer Switchyard: its format is ${format}, and this version supports ${FORMAT}.`;
    throw new KnownError('E_JOURNAL', said, 'git pull && npm start');
  }
  if (format === FORMAT) return false;
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'tips'").get() !== undefined;
}

/**
 * The error for a file that this user may not use. The suggested fix depends on the owners of the file and the home.
 */
export function journalAccessError(file: string): KnownError {
  const trouble = probeDisk(path.dirname(file));
  if (trouble?.code === 'E_READ_ONLY') return trouble;
  const said = `This user may not read and write ${file}.`;
  const [own, theirs] = [statSync(file), statSync(path.dirname(file))];
  const user = process.getuid?.();
  const fix =
    own.uid === user
      ? `chmod 600 ${file}`
      : theirs.uid === own.uid
        ? 'Run the command as the user who ran npm start.'
        : `sudo chown ${theirs.uid}:${theirs.gid} ${file}`;
  return new KnownError('E_JOURNAL', said, fix);
}

function connect(home: Pick<Home, 'journal' | 'dir'>): Database.Database {
  let db: Database.Database;
  try {
    db = new Database(home.journal);
  } catch {
    if (existsSync(home.journal)) throw journalAccessError(home.journal);
    throw new KnownError('E_NOT_STARTED', `Nothing was started here yet (no journal in ${home.dir}).`);
  }
  try {
    db.pragma(`busy_timeout = ${BUSY_MS}`);
    db.pragma(`synchronous = ${LEVELS['at-once']}`);
    return db;
  } catch (error) {
    throw asDiskFailure(home.dir, error) ?? error;
  }
}
