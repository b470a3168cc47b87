/** Stores the traffic table on disk: a folder per table, and a link to the active one. */
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { KnownError } from '../core/errors';
import { allTables, EMPTY_TABLE, parseTableFolder, tableFiles, tableFolder } from '../core/traffic-table';
import type { SlotName } from '../core/slot';
import type { Table } from '../core/traffic-table';
import type { Home } from '../home/home';
import { CLOSED } from '../home/modes';
import { syncFolder } from '../os/atomic-write';

/**
 * Creates every table that these slots can need, and the link if it is missing; the link then points to the empty
 * table. Existing tables stay. Tables are created in advance, because on a full disk `mkdir` fails while a rename still
 * works.
 */
export function prepareTables(home: Home, slots: SlotName[]): void {
  makeReadableFolder(home.tables);
  for (const table of allTables(slots)) {
    makeTable(home, table);
    reserveLink(home, table);
  }
  if (linkedFolder(home) === null) linkTable(home, EMPTY_TABLE);
}

/** Creates the missing ones of these tables. A deployment creates its own before its first step. */
export function makeTables(home: Home, tables: Table[]): void {
  for (const table of tables) {
    if (!isComplete(home, table)) makeTable(home, table);
    reserveLink(home, table);
  }
}

/** Activates a table with one rename(2). Creates its folder only if it was not prepared. */
export function linkTable(home: Home, table: Table): void {
  makeTables(home, [table]);
  const next = `${home.traffic}.next`;
  // left by a process that was killed between the two calls
  rmSync(next, { force: true });
  takeLink(home, table, next);
  renameSync(next, home.traffic);
  // rename(2) does nothing if both names point to the same inode
  rmSync(next, { force: true });
  keepLink(home);
}

/**
 * Syncs the folder, so that a power cut does not restore the previous table. Even if the sync fails, the new table
 * stays active.
 */
function keepLink(home: Home): void {
  try {
    syncFolder(path.dirname(home.traffic));
  } catch (error) {
    console.error(`${home.traffic}:`, (error as NodeJS.ErrnoException).code);
  }
}

/** The active table. Throws E_UNREADABLE_TABLE if the link is missing or its table is incomplete. */
export function linkedTable(home: Home): Table {
  const folder = linkedFolder(home);
  const table = folder === null ? null : parseTableFolder(folder);
  if (!table) throw gone(`There is no traffic table behind ${home.traffic}.`);
  if (!isComplete(home, table)) {
    throw gone(`The traffic table ${path.join(home.tables, tableFolder(table))} is not complete.`);
  }
  return table;
}

/** The prepared tables with missing files. */
export function incompleteTables(home: Home, slots: SlotName[]): Table[] {
  return allTables(slots).filter((table) => !isComplete(home, table));
}

function gone(message: string): KnownError {
  return new KnownError('E_UNREADABLE_TABLE', message, 'Recreate it: npm stop && npm start');
}

function makeTable(home: Home, table: Table): void {
  const folder = path.join(home.tables, tableFolder(table));
  for (const each of [home.tables, folder]) makeReadableFolder(each);
  for (const file of tableFiles(table)) writeFileSync(path.join(folder, file), '', { mode: 0o644 });
}

/** Relative and usually below 60 bytes, so that it is stored in the inode itself and needs no block on a full disk. */
function linkText(home: Home, table: Table): string {
  return path.join(path.basename(home.tables), tableFolder(table));
}

/**
 * Creates a spare link to the table. A shift only needs a hard link to it, which works even if the disk has no inodes
 * left.
 */
function reserveLink(home: Home, table: Table): void {
  const kept = path.join(home.links, tableFolder(table));
  if (linkAt(kept) !== null) return;
  try {
    mkdirSync(home.links, { recursive: true, mode: CLOSED });
    symlinkSync(linkText(home, table), kept);
  } catch {
    // without the spare, a shift needs an inode
  }
}

function takeLink(home: Home, table: Table, at: string): void {
  const kept = path.join(home.links, tableFolder(table));
  if (linkAt(kept) === linkText(home, table)) {
    try {
      return linkSync(kept, at);
    } catch {
      // the file system has no hard links
    }
  }
  symlinkSync(linkText(home, table), at);
}

/** Workers must be able to enter the folder, whatever the umask of the process that creates it. */
function makeReadableFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
}

function isComplete(home: Home, table: Table): boolean {
  const folder = path.join(home.tables, tableFolder(table));
  return existsSync(folder) && tableFiles(table).every((file) => existsSync(path.join(folder, file)));
}

/** The name of the folder behind the link, or null if there is no link. */
function linkedFolder(home: Home): string | null {
  const text = linkAt(home.traffic);
  return text === null ? null : path.basename(text);
}

function linkAt(file: string): string | null {
  try {
    return readlinkSync(file);
  } catch {
    return null;
  }
}
