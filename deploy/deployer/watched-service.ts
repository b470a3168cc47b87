/** What the watch must know of the rest: which slots are its own, and whether a deployment is at work. */
import { isCanary } from '../core/canary/at-work';
import type { SlotName } from '../core/slot';
import { setAside } from '../core/substitute';
import { inService } from '../core/traffic-split';
import type { Table } from '../core/traffic-table';
import { servingSlots } from '../core/traffic-table';
import type { DeployContext } from '../context';
import { isLocked } from '../journal/deployment-lock';
import { slotsOf } from '../journal/reader';
import { looksAfter } from './watched-slot';

/** A deployment watches the slot that it gives the traffic to for itself. */
export function slotsToWatch(context: DeployContext, table: Table): SlotName[] {
  const deployment = context.journal.active();
  // the page stays up while no release can be started: its slots are waiting for one
  const isDown = table.maintenance && !isBusy(context);
  const ours = isDown ? servingSlots(table) : [...inService(table), ...slotsSetAside(context, table)];
  return ours.filter((slot) => !looksAfter(deployment, slot));
}

/** Slots of the live release, in the order of the pool. */
export function liveSlots(context: DeployContext): SlotName[] {
  const live = context.journal.lastLive();
  const slots = live === null ? [] : slotsOf(live);
  return context.slots.map(({ name }) => name).filter((name) => slots.includes(name));
}

/** Those of them whose users were moved away until they answer again. A deployment changes the table itself. */
export function slotsSetAside(context: DeployContext, table: Table): SlotName[] {
  return context.journal.active() === null ? setAside(table, liveSlots(context)) : [];
}

export function isBusy(context: DeployContext): boolean {
  return context.journal.pending().length > 0 || isLocked(context.home);
}

/** It may wait for a person for days, or go through a canary's steps, and fixes nothing meanwhile. */
export function onlyHolds(context: DeployContext): boolean {
  const active = context.journal.active();
  if (active === null || active.wish === 'abort') return false;
  return isCanary(active) || (active.state === 'holding' && active.wish === null);
}

/** What is held makes way for what users need. Asked for once. */
export function mayInterruptHold(context: DeployContext): boolean {
  return onlyHolds(context) && context.journal.pending().every(({ kind }) => kind !== 'restore');
}

export function reportIncident({ journal }: DeployContext, message: string, slot?: SlotName): Promise<void> {
  return journal.tell(null, { type: 'incident', message, ...(slot ? { slot } : {}) });
}
