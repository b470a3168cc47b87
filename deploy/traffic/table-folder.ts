/**
 * The traffic table on the disk: a folder for each table, and the link that says which of them is in force.
 */
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
import { syncFolder } from '../os/atomic-write';

/**
 * Makes every table these slots can need, and the link when there is none: it then serves nobody. What
 * exists is left alone. Made beforehand, because on a full disk `mkdir` fails where a rename still works.
 */
export function prepareTables(home: Home, slots: SlotName[]): void {
  makeReadableFolder(home.tables);
  for (const table of allTables(slots)) {
    makeTable(home, table);
    reserveLink(home, table);
  }
  if (linkedFolder(home) === null) linkTable(home, EMPTY_TABLE);
}

/** Makes those of the tables that are not there yet. A deployment's own are made before its first step. */
export function makeTables(home: Home, tables: Table[]): void {
  for (const table of tables) {
    if (!isComplete(home, table)) makeTable(home, table);
    reserveLink(home, table);
  }
}

/** Puts a table in force with one rename(2). Makes its folder only when nobody has prepared it. */
export function linkTable(home: Home, table: Table): void {
  makeTables(home, [table]);
  const next = `${home.traffic}.next`;
  // what a process that was killed between the two calls has left
  rmSync(next, { force: true });
  takeLink(home, table, next);
  renameSync(next, home.traffic);
  // two names of one inode: then rename(2) does nothing
  rmSync(next, { force: true });
  keepLink(home);
}

/** So that a power cut does not bring back the table before. On a disk that is failing, the table in force counts. */
function keepLink(home: Home): void {
  try {
    syncFolder(path.dirname(home.traffic));
  } catch (error) {
    console.error(`${home.traffic}:`, (error as NodeJS.ErrnoException).code);
  }
}

/** The table in force. Throws E_UNREADABLE_TABLE when the link or what it points to is missing. */
export function linkedTable(home: Home): Table {
  const folder = linkedFolder(home);
  const table = folder === null ? null : parseTableFolder(folder);
  if (!table) throw gone(`There is no traffic table behind ${home.traffic}.`);
  if (!isComplete(home, table)) {
    throw gone(`The traffic table ${path.join(home.tables, tableFolder(table))} is not complete.`);
  }
  return table;
}

/** Those of the prepared tables of which something is missing. */
export function incompleteTables(home: Home, slots: SlotName[]): Table[] {
  return allTables(slots).filter((table) => !isComplete(home, table));
}

function gone(message: string): KnownError {
  return new KnownError('E_UNREADABLE_TABLE', message, 'Let it be made again: npm stop && npm start');
}

function makeTable(home: Home, table: Table): void {
  const folder = path.join(home.tables, tableFolder(table));
  for (const each of [home.tables, folder]) makeReadableFolder(each);
  for (const file of tableFiles(table)) writeFileSync(path.join(folder, file), '');
}

/** Relative and below 60 bytes: it then lies in the inode itself and needs no block of a full disk. */
function linkText(home: Home, table: Table): string {
  return path.join(path.basename(home.tables), tableFolder(table));
}

/** A link to the table in reserve. A second name of it needs no inode, and there may be none left one day. */
function reserveLink(home: Home, table: Table): void {
  const kept = path.join(home.links, tableFolder(table));
  if (linkAt(kept) !== null) return;
  try {
    mkdirSync(home.links, { recursive: true });
    symlinkSync(linkText(home, table), kept);
  } catch {
    // without it a shift needs an inode
  }
}

function takeLink(home: Home, table: Table, at: string): void {
  const kept = path.join(home.links, tableFolder(table));
  if (linkAt(kept) === linkText(home, table)) {
    try {
      return linkSync(kept, at);
    } catch {
      // a file system without hard links
    }
  }
  symlinkSync(linkText(home, table), at);
}

/** The worker's user has to enter, whatever the umask of whoever makes it. */
function makeReadableFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
}

function isComplete(home: Home, table: Table): boolean {
  const folder = path.join(home.tables, tableFolder(table));
  return existsSync(folder) && tableFiles(table).every((file) => existsSync(path.join(folder, file)));
}

/** The name of the folder behind the link, or null when there is no link. */
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
