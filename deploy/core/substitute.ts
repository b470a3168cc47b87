/**
 * The table while a slot is restarted: its users go to another proven process, and come back when it answers again.
 * The journal says which slots are live; the table says who serves meanwhile. Pure.
 */
import { inService, splitOver, withoutSlot } from './traffic-split';
import type { SlotName } from './slot';
import type { Table } from './traffic-table';

/** Slots that can take a slot's users: the others that serve, and where there are none, the standby. */
export function substitutesFor(table: Table, slot: SlotName): SlotName[] {
  const others = inService(table).filter((each) => each !== slot);
  if (others.length > 0) return others;
  return table.standby !== null && table.standby !== slot ? [table.standby] : [];
}

/** The table without the slot's traffic. @param proven at least one of its substitutes */
export function tableWithout(table: Table, slot: SlotName, proven: SlotName[]): Table {
  const others = inService(table).filter((each) => each !== slot);
  if (others.length > 0) return withoutSlot(table, slot);
  return { active: proven[0] ?? null, standby: null };
}

/** The slots of the live release that the table leaves out. @param live by the journal */
export function setAside(table: Table, live: SlotName[]): SlotName[] {
  const serving = inService(table);
  // behind the maintenance page, or before the first release, nothing was set aside
  if (serving.length === 0) return [];
  return live.filter((slot) => !serving.includes(slot));
}

/** The table with the slot's traffic given back. @param live by the journal, in the order of the pool */
export function tableWith(table: Table, slot: SlotName, live: SlotName[]): Table {
  const serving = inService(table);
  const back = live.filter((each) => each === slot || serving.includes(each));
  if (back.length > 1) return splitOver(back, () => false);
  return { active: slot, standby: table.active };
}
