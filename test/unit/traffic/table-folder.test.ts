import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { allTables, tableFiles, tableFolder } from '../../../deploy/core/traffic-table';
import { homeAt, type Home } from '../../../deploy/home/home';
import { linkedTable, linkTable, makeTables, prepareTables } from '../../../deploy/traffic/table-folder';

const SLOTS = ['blue', 'green'];
const BLUE = { active: 'blue', standby: null };
const GREEN = { active: 'green', standby: 'blue' };

let home: Home;
beforeEach(() => {
  home = homeAt(mkdtempSync(path.join(tmpdir(), 'switchyard-table-')));
});
afterEach(() => rmSync(home.dir, { recursive: true }));

test('every table is prepared, and the first one in force has no active slot', () => {
  prepareTables(home, SLOTS);
  for (const table of allTables(SLOTS)) {
    expect(readdirSync(path.join(home.tables, tableFolder(table))).sort()).toEqual(tableFiles(table).sort());
  }
  expect(linkedTable(home)).toEqual({ active: null, standby: null });
});

test('preparing again does not change the table in force', () => {
  prepareTables(home, SLOTS);
  linkTable(home, BLUE);
  prepareTables(home, SLOTS);
  expect(linkedTable(home)).toEqual(BLUE);
});

test('every user may enter the tables, whatever the umask', () => {
  const before = process.umask(0o077);
  try {
    prepareTables(home, SLOTS);
  } finally {
    process.umask(before);
  }
  for (const folder of [home.tables, path.join(home.tables, tableFolder(BLUE))]) {
    expect(statSync(folder).mode & 0o777).toBe(0o755);
  }
});

test('a shift replaces the link and leaves nothing else', () => {
  prepareTables(home, SLOTS);
  linkTable(home, BLUE);
  linkTable(home, GREEN);
  linkTable(home, GREEN);
  expect(linkedTable(home)).toEqual(GREEN);
  expect(readdirSync(home.dir).sort()).toEqual(['links', 'tables', 'traffic']);
});

test('a shift renames a hard link made beforehand, so that it needs no inode', () => {
  prepareTables(home, SLOTS);
  for (const table of [BLUE, GREEN, GREEN, BLUE]) {
    linkTable(home, table);
    const kept = lstatSync(path.join(home.links, tableFolder(table)));
    expect(lstatSync(home.traffic).ino).toBe(kept.ino);
    expect(linkedTable(home)).toEqual(table);
  }
});

test('a temporary link left by a killed process does not break the next shift', () => {
  prepareTables(home, SLOTS);
  symlinkSync('/nowhere', `${home.traffic}.next`);
  linkTable(home, BLUE);
  expect(linkedTable(home)).toEqual(BLUE);
  expect(() => lstatSync(`${home.traffic}.next`)).toThrow('ENOENT');
});

test('the target of the link fits into the inode, since a full disk has no block for it', () => {
  prepareTables(home, SLOTS);
  expect(readlinkSync(home.traffic).length).toBeLessThan(60);
  const rolling = ['amber', 'green', 'blue'].map((slot) => ({ slot, buckets: 25 }));
  linkTable(home, { active: 'violet', standby: 'green', shares: rolling });
  expect(readlinkSync(home.traffic).length).toBeLessThan(60);
});

test('a shift creates no folder when the tables are prepared', () => {
  prepareTables(home, SLOTS);
  const before = statSync(home.tables).mtimeMs;
  linkTable(home, GREEN);
  expect(statSync(home.tables).mtimeMs).toBe(before);
});

test('a shift creates a table that was not prepared', () => {
  prepareTables(home, SLOTS);
  const table = { active: 'yellow', standby: 'blue' };
  linkTable(home, table);
  expect(linkedTable(home)).toEqual(table);
  expect(existsSync(path.join(home.traffic, 'all.yellow'))).toBe(true);
});

test('a missing link, a link to something else and an incomplete table are errors', () => {
  const unreadable = expect.objectContaining({ code: 'E_UNREADABLE_TABLE' });
  expect(() => linkedTable(home)).toThrow(unreadable);
  symlinkSync('elsewhere', home.traffic);
  expect(() => linkedTable(home)).toThrow(unreadable);
  prepareTables(home, SLOTS);
  linkTable(home, { ...BLUE, shares: [{ slot: 'green', buckets: 5 }] });
  rmSync(path.join(home.traffic, '04.green'));
  expect(() => linkedTable(home)).toThrow(unreadable);
});

test('a shift to a table made beforehand creates nothing', () => {
  const split = { ...BLUE, shares: [{ slot: 'green', buckets: 25 }] };
  prepareTables(home, SLOTS);
  makeTables(home, [split, BLUE]);
  const before = statSync(home.tables).mtimeMs;
  linkTable(home, split);
  expect(statSync(home.tables).mtimeMs).toBe(before);
  expect(linkedTable(home)).toEqual(split);
});
