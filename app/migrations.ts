/**
 * The schema as a list of numbered steps. During a deployment the old and the new release use the same database, and a
 * rollback does not undo migrations. So a migration only ever ADDS: a table, an index, a nullable column or one with a
 * default. To rename or drop something, first deploy a release that does not use it. Once no release that uses it can
 * come back, drop it by hand.
 */
import type { Connection, Database } from './database';

export interface Migration {
  /** Consecutive from 1. A released number is never changed or reused. */
  number: number;
  name: string;
  sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: 'messages',
    // AUTOINCREMENT never reuses an id, so that the position of a page or stream stays valid.
    sql: `CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            text TEXT NOT NULL,
            created_at TEXT NOT NULL
          )`,
  },
  {
    number: 2,
    name: 'visitors',
    sql: `CREATE TABLE visitors (
            id TEXT PRIMARY KEY,
            version TEXT NOT NULL,
            commit_id TEXT NOT NULL,
            slot TEXT NOT NULL,
            instance TEXT NOT NULL,
            expires_at INTEGER NOT NULL
          )`,
  },
];

/**
 * Applies the missing migrations. Two processes may call it at the same time.
 * @returns the migrations that this call applied.
 * @throws SQLite's error, prefixed with the number and name of the migration. Earlier ones stay applied.
 */
export async function migrate(database: Database, migrations = MIGRATIONS): Promise<Migration[]> {
  database.makeFolder();
  const applied: Migration[] = [];
  for (const migration of migrations) {
    if (await database.write((connection) => applyOnce(connection, migration))) applied.push(migration);
  }
  return applied;
}

/** @returns true if every migration of this release is applied. Migrations of a newer release do not matter. */
export function hasSchema(connection: Connection, migrations = MIGRATIONS): boolean {
  const applied = new Set(connection.all('SELECT number FROM schema_migrations').map((row) => row.number));
  return migrations.every((migration) => applied.has(migration.number));
}

/** Checks and applies under one write lock, so that a second process finds it done. */
function applyOnce(connection: Connection, { number, name, sql }: Migration): boolean {
  connection.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
                     number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL
                   )`);
  if (connection.all('SELECT 1 FROM schema_migrations WHERE number = ?', number).length > 0) return false;
  try {
    connection.exec(sql);
  } catch (error) {
    throw new Error(`migration ${number} (${name}) failed: ${(error as Error).message}`, { cause: error });
  }
  connection.run(
    'INSERT INTO schema_migrations (number, name, applied_at) VALUES (?, ?, ?)',
    number,
    name,
    new Date().toISOString(),
  );
  return true;
}
