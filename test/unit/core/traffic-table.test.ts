import {
  allTables,
  bucketsBySlot,
  EMPTY_TABLE,
  parseTableFolder,
  sameTable,
  servingSlots,
  slotsOfBuckets,
  tableFiles,
  tableFolder,
} from '../../../deploy/core/traffic-table';
import type { Table } from '../../../deploy/core/traffic-table';

const BLUE: Table = { active: 'blue', standby: null };
const CANARY: Table = { ...BLUE, shares: [{ slot: 'green', buckets: 5 }] };
const POOL: Table = {
  active: 'blue',
  standby: 'green',
  shares: ['green', 'amber', 'violet'].map((slot) => ({ slot, buckets: 25 })),
};
const TABLES = [
  ...allTables(['blue', 'green', 'yellow']),
  CANARY,
  POOL,
  { ...POOL, uniform: true },
  { ...BLUE, maintenance: true },
  { ...BLUE, shares: [{ slot: 'green', buckets: 100 }] },
];

test('no two tables share a folder', () => {
  expect(new Set(TABLES.map(tableFolder)).size).toBe(TABLES.length);
});

test('a folder name is readable and parses back to its table', () => {
  expect(tableFolder(CANARY)).toBe('active-blue.standby-none.green5');
  expect(tableFolder({ ...BLUE, assets: 'green' })).toBe('active-blue.standby-none.assets-green');
  expect(tableFolder({ ...CANARY, uniform: true })).toBe('active-blue.standby-none.green5.uniform');
  expect(tableFolder({ ...BLUE, maintenance: true })).toBe('active-blue.standby-none.maintenance');
  for (const table of TABLES) expect(parseTableFolder(tableFolder(table))).toEqual(table);
});

test.each([
  '',
  'blue',
  'active-blue',
  'active-blue.standby-',
  'active-../etc.standby-none',
  'x.active-blue.standby-none',
  'active-blue.standby-none.green',
  'active-blue.standby-none.green0',
  'active-blue.standby-none.maintenance.green5',
  'active-blue.standby-none.uniform.green5',
])('%p is not a table', (name) => expect(parseTableFolder(name)).toBeNull());

test('a table has one file per bucket only when several slots serve', () => {
  expect(tableFiles(BLUE)).toEqual(['all.blue']);
  expect(tableFiles(EMPTY_TABLE)).toEqual([]);
  expect(tableFiles({ ...BLUE, maintenance: true })).toEqual([]);
  const files = tableFiles(CANARY);
  expect(files).toHaveLength(100);
  expect(files.slice(3, 7)).toEqual(['03.green', '04.green', '05.blue', '06.blue']);
});

test('the active slot serves every bucket outside the shares', () => {
  expect(bucketsBySlot(BLUE)).toEqual(new Map([['blue', 100]]));
  expect(bucketsBySlot(EMPTY_TABLE)).toEqual(new Map());
  expect(bucketsBySlot(CANARY)).toEqual(
    new Map([
      ['green', 5],
      ['blue', 95],
    ]),
  );
  expect([...bucketsBySlot(POOL).values()]).toEqual([25, 25, 25, 25]);
});

test('a bucket of a small share is in every larger share', () => {
  const inShare = (buckets: number): number[] =>
    slotsOfBuckets({ ...BLUE, shares: [{ slot: 'green', buckets }] }).flatMap((slot, bucket) =>
      slot === 'green' ? [bucket] : [],
    );
  expect(inShare(25)).toEqual(expect.arrayContaining(inShare(5)));
  expect(inShare(100)).toHaveLength(100);
});

test('serving slots are listed with the active one first', () => {
  expect(servingSlots(CANARY)).toEqual(['blue', 'green']);
  expect(servingSlots(POOL)).toEqual(['blue', 'green', 'amber', 'violet']);
  expect(servingSlots({ ...BLUE, shares: [{ slot: 'green', buckets: 100 }] })).toEqual(['green']);
  expect(servingSlots(EMPTY_TABLE)).toEqual([]);
});

test('two slots have seven tables: none active, and each slot alone, before a standby, or beside the files of the other', () => {
  expect(allTables(['blue', 'green'])).toEqual([
    { active: null, standby: null },
    { active: 'blue', standby: null },
    { active: 'blue', standby: 'green' },
    { active: 'blue', standby: null, assets: 'green' },
    { active: 'green', standby: null },
    { active: 'green', standby: 'blue' },
    { active: 'green', standby: null, assets: 'blue' },
  ]);
});

test('no table has a slot as its own standby, or a standby without an active slot', () => {
  for (const { active, standby } of TABLES) {
    if (standby !== null) expect(active).not.toBeNull();
    if (active !== null) expect(standby).not.toBe(active);
  }
});

test('tables are equal only when active, standby, shares and marks are', () => {
  expect(sameTable(BLUE, { ...BLUE })).toBe(true);
  expect(sameTable(BLUE, { ...BLUE, shares: [] })).toBe(true);
  expect(sameTable(BLUE, { active: 'blue', standby: 'green' })).toBe(false);
  expect(sameTable(BLUE, EMPTY_TABLE)).toBe(false);
  expect(sameTable(BLUE, CANARY)).toBe(false);
  expect(sameTable(BLUE, { ...BLUE, maintenance: true })).toBe(false);
  expect(sameTable(POOL, { ...POOL, uniform: true })).toBe(false);
  expect(sameTable(POOL, { ...POOL, uniform: false })).toBe(true);
});
