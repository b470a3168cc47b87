/**
 * The schema as a list of numbered steps. While a deployment runs, the old and the new release work on the same
 * database, and a rollback returns to the old one without going back here. So a migration only ever ADDS: a table,
 * an index, a column that may be missing or has a default. Renaming and dropping take two deployments: first stop
 * using it, and when no release that uses it can come back, drop it by hand.
 */
import type { Connection, Database } from './database';

export interface Migration {
  /** Counts up from 1. A number that was released is never changed or used again. */
  number: number;
  name: string;
  sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: 'messages',
    // AUTOINCREMENT: an id is never given twice, and a page or a stream that stands at one never goes back.
    sql: `CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            text TEXT NOT NULL,
            created_at TEXT NOT NULL
          )`,
  },
];

/**
 * Brings the database up to `migrations`. Does nothing where all were applied before, and two at once share the work.
 * @returns those that this call applied.
 * @throws SQLite's error, with the number and name of the migration before it; what came before it stays applied.
 */
export async function migrate(database: Database, migrations = MIGRATIONS): Promise<Migration[]> {
  database.makeFolder();
  const applied: Migration[] = [];
  for (const migration of migrations) {
    if (await database.write((connection) => applyOnce(connection, migration))) applied.push(migration);
  }
  return applied;
}

/** @returns true if every migration that this release needs was applied. Later ones of a newer release do no harm. */
export function hasSchema(connection: Connection, migrations = MIGRATIONS): boolean {
  const applied = new Set(connection.all('SELECT number FROM schema_migrations').map((row) => row.number));
  return migrations.every((migration) => applied.has(migration.number));
}

/** Asks and acts under one write lock: whoever comes second finds the work done. */
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
