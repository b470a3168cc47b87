/** Copies every readable row of a broken journal into a new one. */
import Database from 'libsql';
import { FORMAT_3, NUMBER_LIVE } from './schema';

/** The number of rows read together; a block with a broken page is read row by row. */
const BLOCK = 200;

const TABLES = {
  deployments: ['id', 'delivery', 'state', 'body', 'live'],
  events: ['id', 'deployment', 'at', 'entry'],
  tips: ['source', 'branch', 'tip'],
  requests: ['seq', 'id', 'deployment'],
} as const;
type Table = keyof typeof TABLES;

type Row = Record<string, unknown>;

export interface Salvaged {
  deployments: number;
  /** False if a row was or may have been lost. */
  complete: boolean;
}

/**
 * Copies the rows.
 * @param broken path of a copy of the journal, because SQLite may write to it
 * @param fresh path of a journal with tables and no rows
 */
export function salvage(broken: string, fresh: string): Salvaged {
  const into = new Database(fresh);
  const from = attempt(() => new Database(broken));
  const result: Salvaged = { deployments: 0, complete: from !== null };
  into.exec('BEGIN');
  for (const table of Object.keys(TABLES) as Table[]) {
    const { rows, complete } = from === null ? { rows: [], complete: false } : readTable(from, table);
    const kept = rows.filter((row) => attempt(() => insert(into, table, row)) !== null).length;
    if (!complete || kept < rows.length) result.complete = false;
    if (table === 'deployments') result.deployments = kept;
  }
  into.exec(NUMBER_LIVE);
  into.exec(FORMAT_3);
  into.exec('COMMIT');
  into.close();
  attempt(() => from?.close());
  return result;
}

function readTable(db: Database.Database, table: Table): { rows: Row[]; complete: boolean } {
  const last = lastRow(db, table);
  // journals of an older kit have no `requests` table
  if (last === null) return { rows: [], complete: table === 'requests' };
  const rows: Row[] = [];
  let complete = true;
  for (let first = 1; first <= last; first += BLOCK) {
    const block = attempt(() => readRows(db, table, first, Math.min(last, first + BLOCK - 1)));
    if (block) rows.push(...block);
    else {
      complete = false;
      for (let id = first; id < first + BLOCK && id <= last; id++)
        rows.push(...(attempt(() => readRows(db, table, id, id)) ?? []));
    }
  }
  return { rows: rows.filter(isReadable), complete };
}

function readRows(db: Database.Database, table: Table, first: number, last: number): Row[] {
  // *: an older format has fewer columns
  return db
    .prepare(`SELECT * FROM ${table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid`)
    .all(first, last) as Row[];
}

/** The table's last rowid; null if there is no such table. */
function lastRow(db: Database.Database, table: Table): number | null {
  const asked = [
    `SELECT max(rowid) AS last FROM ${table}`,
    `SELECT seq AS last FROM sqlite_sequence WHERE name = '${table}'`,
  ];
  const found = asked.map((sql) =>
    attempt(() => (db.prepare(sql).get() as { last: number | null } | undefined)?.last ?? 0),
  );
  const known = found.filter((each) => each !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function insert(db: Database.Database, table: Table, row: Row): true {
  const columns = TABLES[table].filter((column) => column in row);
  const marks = columns.map(() => '?').join(', ');
  db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`).run(
    ...columns.map((column) => row[column]),
  );
  return true;
}

/** Checks the JSON, because SQLite does not detect a text that was overwritten inside its row. */
function isReadable({ body, entry }: Row): boolean {
  return [body, entry].every(
    (text) => text === undefined || attempt(() => JSON.parse(text as string) !== null),
  );
}

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}
