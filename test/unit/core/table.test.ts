import {
  allTables,
  EMPTY_TABLE,
  parseTableFolder,
  sameTable,
  tableFiles,
  tableFolder,
} from '../../../deploy/core/table';

const TABLES = allTables(['blue', 'green', 'yellow']);

test("all tables' folders have names of equal length, because nginx reads the name twice", () => {
  expect(new Set(TABLES.map((table) => tableFolder(table).length)).size).toBe(1);
});

test('no two tables share a folder', () => {
  expect(new Set(TABLES.map(tableFolder)).size).toBe(TABLES.length);
});

test('a folder name reads back as the table it was made from', () => {
  for (const table of TABLES) expect(parseTableFolder(tableFolder(table))).toEqual(table);
});

test.each([
  '',
  'blue',
  'active-blue',
  'active-blue.standby-',
  'active-../etc.standby-none',
  'x.active-blue.standby-none',
])('%p is not a table', (name) => expect(parseTableFolder(name)).toBeNull());

test('a table is the files that nginx looks for', () => {
  expect(tableFiles({ active: 'blue', standby: 'green' })).toEqual(['all.blue', 'standby.green']);
  expect(tableFiles({ active: 'blue', standby: null })).toEqual(['all.blue']);
  expect(tableFiles(EMPTY_TABLE)).toEqual([]);
});

test('two slots can need five tables: nobody, and each slot with and without the other behind it', () => {
  expect(allTables(['blue', 'green'])).toEqual([
    { active: null, standby: null },
    { active: 'blue', standby: null },
    { active: 'blue', standby: 'green' },
    { active: 'green', standby: null },
    { active: 'green', standby: 'blue' },
  ]);
});

test('no table has a slot behind itself, and none has a standby without an active slot', () => {
  for (const { active, standby } of TABLES) {
    if (standby !== null) expect(active).not.toBeNull();
    if (active !== null) expect(standby).not.toBe(active);
  }
});

test('slot names that would break the equal length are refused', () => {
  expect(() => tableFolder({ active: 'a'.repeat(40), standby: null })).toThrow('too long');
});

test('tables are the same when both roles are', () => {
  expect(sameTable({ active: 'blue', standby: null }, { active: 'blue', standby: null })).toBe(true);
  expect(sameTable({ active: 'blue', standby: null }, { active: 'blue', standby: 'green' })).toBe(false);
  expect(sameTable({ active: 'blue', standby: null }, EMPTY_TABLE)).toBe(false);
});
