/**
 * The traffic table as a folder: the name encodes the whole table, and nginx tests for the empty files in it on every
 * request (nginx/site.conf.template).
 */
import type { SlotName } from './slot';

/** Each request falls into one of these buckets by its cohort. */
export const BUCKETS = 100;

/** Buckets of a slot other than the active one. */
export interface Share {
  slot: SlotName;
  /** 1 to 100. */
  buckets: number;
}

/** Assigns each of the 100 buckets to a slot, and names the verified slot that takes over when it crashes. */
export interface Table {
  /** The slot of every bucket without a share. Null means no slot: nginx answers 503. */
  active: SlotName | null;
  standby: SlotName | null;
  /** Assigned from bucket 0 upward, in this order: a user in a share of 5 is also in a share of 25. Left out: none. */
  shares?: Share[];
  /** True if all slots with buckets run the same release: users need no cohort, and caches may keep responses. */
  uniform?: boolean;
  /** A verified slot without users that is asked for files with a hash in their name, and for nothing else. */
  assets?: SlotName;
  /** True if all users get the maintenance page while the active slot is replaced. */
  maintenance?: boolean;
}

/** The table without any live slot. */
export const EMPTY_TABLE: Table = { active: null, standby: null };

const FOLDER =
  /^active-([a-z]+)\.standby-([a-z]+)((?:\.[a-z]+[1-9]\d*)*)(?:\.assets-([a-z]+))?(\.uniform)?(\.maintenance)?$/;

/** The table's readable folder name: `active-blue.standby-none.green25`. */
export function tableFolder(table: Table): string {
  const roles = [`active-${table.active ?? 'none'}`, `standby-${table.standby ?? 'none'}`];
  const shares = sharesOf(table).map(({ slot, buckets }) => `${slot}${buckets}`);
  const { assets, uniform, maintenance } = table;
  const marks = [assets && `assets-${assets}`, uniform && 'uniform', maintenance && 'maintenance'];
  return [...roles, ...shares, ...marks.filter(Boolean)].join('.');
}

/**
 * The empty files in the table's folder: `all.blue`, or one such as `07.green` for each bucket when several slots share
 * them.
 */
export function tableFiles(table: Table): string[] {
  if (table.maintenance || table.active === null) return [];
  if (sharesOf(table).length === 0) return [`all.${table.active}`];
  return slotsOfBuckets(table).flatMap((slot, bucket) =>
    slot === null ? [] : [`${bucketName(bucket)}.${slot}`],
  );
}

/** Parses a folder name; null if it is not a table's. */
export function parseTableFolder(folder: string): Table | null {
  const match = FOLDER.exec(folder);
  if (!match) return null;
  const [, active, standby, shares = '', assets, uniform, maintenance] = match;
  return {
    active: slotOrNull(active),
    standby: slotOrNull(standby),
    ...(shares && { shares: parseShares(shares) }),
    ...(assets && { assets }),
    ...(uniform && { uniform: true }),
    ...(maintenance && { maintenance: true }),
  };
}

/**
 * Every table without shares for these slots. They are created in advance, because a full disk has no space for new
 * ones.
 */
export function allTables(slots: SlotName[]): Table[] {
  const ofSlot = (active: SlotName): Table[] => {
    const others = slots.filter((other) => other !== active);
    return [
      ...[null, ...others].map((standby) => ({ active, standby })),
      ...others.map((assets) => ({ active, standby: null, assets })),
    ];
  };
  return [EMPTY_TABLE, ...slots.flatMap(ofSlot)];
}

export function sameTable(a: Table, b: Table): boolean {
  return tableFolder(a) === tableFolder(b);
}

/** The slot of each bucket, from 0 upward. */
export function slotsOfBuckets(table: Table): (SlotName | null)[] {
  const shared = sharesOf(table).flatMap(({ slot, buckets }) => Array<SlotName>(buckets).fill(slot));
  return Array.from({ length: BUCKETS }, (_, bucket) => shared[bucket] ?? table.active);
}

/** The number of buckets per slot; slots without any are left out. */
export function bucketsBySlot(table: Table): Map<SlotName, number> {
  const counts = new Map<SlotName, number>();
  for (const slot of slotsOfBuckets(table)) if (slot !== null) counts.set(slot, (counts.get(slot) ?? 0) + 1);
  return counts;
}

/** The slots that get user requests, the active one first. */
export function servingSlots(table: Table): SlotName[] {
  const serving = [...bucketsBySlot(table).keys()];
  return [
    ...serving.filter((slot) => slot === table.active),
    ...serving.filter((slot) => slot !== table.active),
  ];
}

/** `green, blue behind it`, or `green 25, blue 75`. */
export function tableInWords(table: Table): string {
  const { active, standby, maintenance } = table;
  if (maintenance) return 'the maintenance page';
  const counts = [...bucketsBySlot(table)].map(([slot, buckets]) => `${slot} ${buckets}`);
  if (counts.length > 1) return counts.join(', ');
  return `${active ?? 'no slot'}${standby ? `, ${standby} behind it` : ''}`;
}

/** `07` for bucket 7, the name in nginx's split_clients. */
export function bucketName(bucket: number): string {
  return String(bucket).padStart(2, '0');
}

/** Ignores shares without a bucket. */
function sharesOf({ shares = [] }: Table): Share[] {
  return shares.filter(({ buckets }) => buckets > 0);
}

function parseShares(text: string): Share[] {
  return text
    .split('.')
    .filter(Boolean)
    .map((share) => ({ slot: share.replace(/\d+$/, ''), buckets: Number(/\d+$/.exec(share)?.[0]) }));
}

function slotOrNull(name: string | undefined): SlotName | null {
  return name === undefined || name === 'none' ? null : name;
}
