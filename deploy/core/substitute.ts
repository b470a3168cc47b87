/**
 * The table while a slot restarts: its users move to another verified process and return when it answers again. The
 * journal records which slots are live, and the table which slots serve users for now. Pure.
 */
import { inService, splitOver, withoutSlot } from './traffic-split';
import type { SlotName } from './slot';
import type { Table } from './traffic-table';

/** The slots that can take over a slot's users: the other slots in service or, without any, the standby. */
export function substitutesFor(table: Table, slot: SlotName): SlotName[] {
  const others = inService(table).filter((each) => each !== slot);
  if (others.length > 0) return others;
  return table.standby !== null && table.standby !== slot ? [table.standby] : [];
}

/** The table without the slot's traffic. @param proven at least one of its substitutes */
export function tableWithoutTraffic(table: Table, slot: SlotName, proven: SlotName[]): Table {
  const others = inService(table).filter((each) => each !== slot);
  if (others.length > 0) return withoutSlot(table, slot);
  return { active: proven[0] ?? null, standby: null };
}

/**
 * Like tableWithoutTraffic, but users get the maintenance page if there is no substitute: no request may reach the
 * slot's port.
 */
export function tableShutOut(table: Table, slot: SlotName, proven: SlotName[]): Table {
  if (proven.length > 0 || inService(table).length > 1) return tableWithoutTraffic(table, slot, proven);
  return { active: slot, standby: null, maintenance: true };
}

/** The slots of the live release that the table omits. @param live the live slots according to the journal */
export function slotsOutOfRotation(table: Table, live: SlotName[]): SlotName[] {
  const serving = inService(table);
  // behind the maintenance page, or before the first release, no slot was set aside
  if (serving.length === 0) return [];
  return live.filter((slot) => !serving.includes(slot));
}

/** The table with the slot's traffic restored. @param live the live slots according to the journal, in pool order */
export function tableWithTraffic(table: Table, slot: SlotName, live: SlotName[]): Table {
  const serving = inService(table);
  const back = live.filter((each) => each === slot || serving.includes(each));
  if (back.length > 1) return splitOver(back, () => false);
  return { active: slot, standby: table.active };
}
