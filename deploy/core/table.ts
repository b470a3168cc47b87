/**
 * The traffic table as a folder. nginx reads it with `-f` on every request, so a table is nothing but
 * empty files: `all.<slot>` names the active slot, `standby.<slot>` the one behind it.
 */
import type { SlotName, Table } from './types';

/**
 * nginx evaluates `$realpath_root` twice, first for its length and then for its text; a shift between the
 * two must not change the length.
 */
const FOLDER_NAME_LENGTH = 48;

/** The table that serves nobody. */
export const EMPTY_TABLE: Table = { active: null, standby: null };

/** The table's folder name, readable and always equally long: `active-blue.standby-green......`. */
export function tableFolder(table: Table): string {
  const name = `active-${table.active ?? 'none'}.standby-${table.standby ?? 'none'}`;
  if (name.length > FOLDER_NAME_LENGTH) throw new Error(`slot names too long for a table: ${name}`);
  return name.padEnd(FOLDER_NAME_LENGTH, '.');
}

/** The empty files in the table's folder. */
export function tableFiles(table: Table): string[] {
  const files: string[] = [];
  if (table.active !== null) files.push(`all.${table.active}`);
  if (table.standby !== null) files.push(`standby.${table.standby}`);
  return files;
}

/** Reads a folder's name back; null when it is not a table's. */
export function parseTableFolder(folder: string): Table | null {
  const match = /^active-([a-z0-9-]+)\.standby-([a-z0-9-]+)\.*$/.exec(folder);
  if (!match) return null;
  const [, active, standby] = match;
  return { active: slotOrNull(active), standby: slotOrNull(standby) };
}

/** Every table a pool of these slots can need, made beforehand so that a shift works on a full disk. */
export function allTables(slots: SlotName[]): Table[] {
  const pairs = slots.flatMap((active) =>
    [null, ...slots.filter((other) => other !== active)].map((standby) => ({ active, standby })),
  );
  return [EMPTY_TABLE, ...pairs];
}

export function sameTable(a: Table, b: Table): boolean {
  return a.active === b.active && a.standby === b.standby;
}

function slotOrNull(name: string | undefined): SlotName | null {
  return name === undefined || name === 'none' ? null : name;
}
