/** The journal's SQLite file: its schema, its migrations, and writes that survive a busy or a full disk. */
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
/** SQLite's levels. In WAL mode, NORMAL flushes at checkpoints and FULL with every transaction. */
const LEVELS = { 'at-once': 'FULL', soon: 'NORMAL' } as const;

/** The schema version, stored in the file. Opening a journal with an older version migrates it. */
const FORMAT = 3;
/** How long a migration waits for another process that is writing. */
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
/** Numbers deployments that went live, by their `live` event. If the event was pruned, the order of the ids is used. */
export const NUMBER_LIVE = `
  UPDATE deployments SET live = coalesce(
      (SELECT max(id) FROM events WHERE deployment = deployments.id AND json_extract(entry, '$.type') = 'live'),
      id - 1 - (SELECT max(id) FROM deployments))
    WHERE live IS NULL AND json_extract(body, '$.liveAt') IS NOT NULL;
`;
/**
 * `live` is the order in which releases went live. The database assigns it, so that the order does not depend on a
 * clock. All columns that older kits know stay unchanged.
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

/** Indexes for the queries that decisions need, so that they do not scan a history of 100,000 deployments. */
const FORMAT_2 = `
  ALTER TABLE deployments ADD COLUMN commit_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.commit')) VIRTUAL;
  ALTER TABLE deployments ADD COLUMN kind TEXT GENERATED ALWAYS AS (json_extract(body, '$.kind')) VIRTUAL;
  ALTER TABLE deployments ADD COLUMN fault TEXT GENERATED ALWAYS AS (json_extract(body, '$.fault')) VIRTUAL;
  ALTER TABLE deployments ADD COLUMN error_code TEXT GENERATED ALWAYS AS (json_extract(body, '$.errorCode')) VIRTUAL;
  ALTER TABLE deployments ADD COLUMN branch TEXT GENERATED ALWAYS AS (json_extract(body, '$.branch')) VIRTUAL;
  CREATE INDEX deployments_by_commit ON deployments (commit_id, kind, state, fault, error_code, live);
  CREATE INDEX deployments_by_branch ON deployments (branch);
`;

/** Renames two fields in the rows of an older kit, and gives a slot's exits the reason that their message states. */
export const FORMAT_3 = `
  UPDATE deployments SET body = json_remove(
      json_set(body, '$.request', json_extract(body, '$.wish')), '$.wish')
    WHERE json_type(body, '$.wish') IS NOT NULL;
  UPDATE deployments SET body = json_remove(
      json_set(body, '$.migration.schemaChanged', json(body -> '$.migration.moved')), '$.migration.moved')
    WHERE json_type(body, '$.migration.moved') IS NOT NULL;
  UPDATE events SET entry = json_set(entry, '$.reason', 'exited')
    WHERE json_extract(entry, '$.type') = 'incident' AND json_type(entry, '$.reason') IS NULL
      AND json_extract(entry, '$.message') LIKE json_extract(entry, '$.slot') || ' ended %';
`;

/**
 * When a write reaches the disk. `at-once`: before `write` resolves, with a flush that takes some milliseconds. `soon`:
 * with the next `at-once` write; a power cut can lose it before that, a kill cannot.
 */
export type Kept = 'at-once' | 'soon';

export class JournalDatabase {
  private db: Database.Database;
  private keeping: Kept = 'at-once';

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
      // another process may have migrated it meanwhile
      const missing = isOlder(this.db) ? [FORMAT_1, FORMAT_2, FORMAT_3].slice(formatOf(this.db)) : [];
      for (const step of missing) this.db.exec(step);
      if (missing.length > 0) this.db.exec(`PRAGMA user_version = ${FORMAT}`);
      this.db.exec('COMMIT');
    } catch (error) {
      // a connection that is only closed keeps its lock as long as libsql keeps its statements
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

  /** The connection, set to this durability. Inside a transaction it is already set. */
  private that(kept: Kept): Database.Database {
    if (kept !== this.keeping) this.db.exec(`PRAGMA synchronous = ${LEVELS[kept]}`);
    this.keeping = kept;
    return this.db;
  }

  /**
   * Retries a write with the disk reserve, because a rollback must work on a full disk too. Throws E_DISK if
   * the reserve is not enough.
   */
  private async writeWithReserve<T>(work: () => T): Promise<T> {
    useReserve(this.home);
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
