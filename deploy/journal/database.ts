/** The journal's file: its tables, and how it is written so that a busy or a full disk loses nothing. */
import Database from 'libsql';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { asDiskFailure, diskTrouble } from '../os/disk-failure';
import { useReserve } from '../home/disk-reserve';
import { inTransaction, isFull } from './sqlite';

export type JournalPlace = Pick<Home, 'journal' | 'dir'>;

const BUSY_MS = 20;
/** SQLite's names. In WAL mode NORMAL flushes when the log is folded into the file, FULL with every transaction. */
const LEVELS = { 'at-once': 'FULL', soon: 'NORMAL' } as const;

/** Kept in the file itself. A journal of an older format is brought up to it when it is opened. */
const FORMAT = 2;
/** Another process may just be writing when an older journal is opened. */
const MIGRATION_BUSY_MS = 5000;

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
/** The event tells the order. Where it was pruned, deployments went live in the order of their ids. */
export const NUMBER_LIVE = `
  UPDATE deployments SET live = coalesce(
      (SELECT max(id) FROM events WHERE deployment = deployments.id AND json_extract(entry, '$.type') = 'live'),
      id - 1 - (SELECT max(id) FROM deployments))
    WHERE live IS NULL AND json_extract(body, '$.liveAt') IS NOT NULL;
`;
/**
 * `live` is the order in which releases went live. The database numbers it, so that no clock decides which release
 * was live last. Older kits find every column that they know unchanged.
 */
const FORMAT_1 = `
  ALTER TABLE deployments ADD COLUMN live INTEGER;
  CREATE TRIGGER deployments_went_live AFTER UPDATE OF body ON deployments
    WHEN json_extract(new.body, '$.liveAt') IS NOT NULL
      AND json_extract(new.body, '$.liveAt') IS NOT json_extract(old.body, '$.liveAt')
    BEGIN
      UPDATE deployments SET live = 1 + max(
        (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'),
        (SELECT coalesce(max(live), 0) FROM deployments)) WHERE id = new.id;
    END;
  CREATE INDEX deployments_by_live ON deployments (live) WHERE live IS NOT NULL;
  ${NUMBER_LIVE}
  CREATE TABLE requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    deployment INTEGER
  );
  INSERT INTO requests (id, deployment) SELECT delivery, id FROM deployments WHERE delivery IS NOT NULL ORDER BY id;
`;

/** What decisions ask for, by an index: a history of 100,000 deployments is not read for them. */
const FORMAT_2 = `
  ALTER TABLE deployments ADD COLUMN commit_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.commit')) VIRTUAL;
  ALTER TABLE deployments ADD COLUMN kind TEXT GENERATED ALWAYS AS (json_extract(body, '$.kind')) VIRTUAL;
  ALTER TABLE deployments ADD COLUMN fault TEXT GENERATED ALWAYS AS (json_extract(body, '$.fault')) VIRTUAL;
  ALTER TABLE deployments ADD COLUMN error_code TEXT GENERATED ALWAYS AS (json_extract(body, '$.errorCode')) VIRTUAL;
  ALTER TABLE deployments ADD COLUMN branch TEXT GENERATED ALWAYS AS (json_extract(body, '$.branch')) VIRTUAL;
  CREATE INDEX deployments_by_commit ON deployments (commit_id, kind, state, fault, error_code, live);
  CREATE INDEX deployments_by_branch ON deployments (branch);
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
    this.migrate();
  }

  /** Makes the tables. Once, by whoever makes the home. */
  async makeTables(): Promise<void> {
    // of a journal that is in use this changes nothing, and waits for nobody
    this.db.exec('PRAGMA journal_mode = WAL');
    await this.write(() => this.db.exec(SCHEMA));
    this.migrate();
  }

  /** Nothing where the tables are not made yet. */
  private migrate(): void {
    if (!isOlder(this.db)) return;
    this.db.pragma(`busy_timeout = ${MIGRATION_BUSY_MS}`);
    this.db.exec('BEGIN IMMEDIATE');
    // another process may have done it meanwhile
    const missing = isOlder(this.db) ? [FORMAT_1, FORMAT_2].slice(formatOf(this.db)) : [];
    for (const step of missing) this.db.exec(step);
    if (missing.length > 0) this.db.exec(`PRAGMA user_version = ${FORMAT}`);
    this.db.exec('COMMIT');
    this.db.pragma(`busy_timeout = ${BUSY_MS}`);
  }

  prepare(sql: string): Database.Statement {
    return this.db.prepare(sql);
  }

  close(): void {
    this.db.close();
  }

  /** All of the work or none of it. Throws E_DISK, E_READ_ONLY, E_DISK_FAILS. */
  async write<T>(work: () => T, kept: Kept = 'at-once'): Promise<T> {
    try {
      return await inTransaction(() => this.that(kept), work);
    } catch (error) {
      const failure = asDiskFailure(this.home.dir, error);
      const isHopeless = failure !== null && failure.code !== 'E_DISK';
      if (isHopeless || !isFull(error)) throw failure ?? error;
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
      const failure = asDiskFailure(this.home.dir, error);
      if (failure === null && isFull(error)) {
        throw new KnownError('E_DISK', `There is no room left in ${this.home.dir}.`);
      }
      throw failure ?? error;
    }
  }
}

function formatOf(db: Database.Database): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

/** Throws E_JOURNAL for a format that only a newer kit knows. */
function isOlder(db: Database.Database): boolean {
  const format = formatOf(db);
  if (format > FORMAT) {
    const said = `The journal is of a newer Switchyard: it has format ${format}, and this one knows ${FORMAT}.`;
    throw new KnownError('E_JOURNAL', said, 'git pull && npm start');
  }
  if (format === FORMAT) return false;
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'tips'").get() !== undefined;
}

/** The fix depends on whose the file is, and whose the home. */
export function closedJournal(file: string): KnownError {
  const trouble = diskTrouble(path.dirname(file));
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
    if (existsSync(home.journal)) throw closedJournal(home.journal);
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
