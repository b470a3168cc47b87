/** Builds tables over several slots, or without one of them. Pure. */
import { EMPTY_TABLE, servingSlots } from './traffic-table';
import type { RunningSlot, SlotName } from './slot';
import { BUCKETS, type Table } from './traffic-table';

/**
 * Distributes the buckets evenly. Slots with the new release get the lowest buckets, so a user who has reached it never
 * moves back as it gets more slots. While any slot has the old release, such a slot is active: it takes over for every
 * other slot that crashes.
 * @param uniform true when all of them run the same release
 */
export function splitOver(slots: SlotName[], isNew: (slot: SlotName) => boolean, uniform = false): Table {
  const [fresh, old] = [slots.filter(isNew), slots.filter((slot) => !isNew(slot))];
  const [active, standby = null] = [...old, ...fresh];
  if (active === undefined) return EMPTY_TABLE;
  const order = [...fresh, ...old].filter((slot) => slot !== active);
  const upTo = (count: number): number => Math.round((BUCKETS * count) / slots.length);
  const shares = order.map((slot, index) => ({ slot, buckets: upTo(index + 1) - upTo(index) }));
  return { active, standby, ...(shares.length > 0 && { shares, ...(uniform && { uniform }) }) };
}

/** True if these slots all run the same release with the same environment; false if one of them is unknown. */
export function runSameRelease(
  slots: SlotName[],
  running: Pick<RunningSlot, 'slot' | 'commit' | 'environment'>[],
): boolean {
  const releases = slots.map((name) => {
    const found = running.find(({ slot }) => slot === name);
    return found && `${found.commit} ${found.environment ?? 0}`;
  });
  return !releases.includes(undefined) && new Set(releases).size === 1;
}

/** The table after a slot has left it: its buckets go to the other slots in service. */
export function withoutSlot(table: Table, slot: SlotName): Table {
  const serving = servingSlots(table);
  const standby = table.standby === slot ? null : table.standby;
  const assets = table.assets === slot ? undefined : table.assets;
  if (!serving.includes(slot)) return { ...table, standby, assets };
  const left = serving.filter((each) => each !== slot);
  return splitOver(left, () => false, table.uniform);
}

/** The slots that handle user requests; none while users get the maintenance page. */
export function inService(table: Table): SlotName[] {
  return table.maintenance ? [] : servingSlots(table);
}
