/** Determines which slots the watch is responsible for, and whether a deployment is running. */
import { isCanary } from '../core/canary/at-work';
import type { IncidentReason } from '../core/event';
import type { SlotName } from '../core/slot';
import { slotsOutOfRotation } from '../core/substitute';
import { inService } from '../core/traffic-split';
import type { Table } from '../core/traffic-table';
import { servingSlots } from '../core/traffic-table';
import type { DeployContext } from '../context';
import { isLocked } from '../journal/deployment-lock';
import { slotsOf } from '../journal/reader';
import { isWatchedByDeployment } from './watched-slot';

/** A deployment itself watches the slot to which it moves traffic. */
export function slotsToWatch(context: DeployContext, table: Table): SlotName[] {
  const deployment = context.journal.active();
  // the page stays up while no release can be started, so its slots still need one
  const isDown = table.maintenance && !isBusy(context);
  const ours = isDown
    ? servingSlots(table)
    : [...inService(table), ...liveSlotsOutOfRotation(context, table)];
  return ours.filter((slot) => !isWatchedByDeployment(deployment, slot));
}

/** Slots of the live release, in the order of the pool. */
export function liveSlots(context: DeployContext): SlotName[] {
  const live = context.journal.lastLive();
  const slots = live === null ? [] : slotsOf(live);
  return context.slots.map(({ name }) => name).filter((name) => slots.includes(name));
}

/** Live slots whose users were moved away until they answer again. A deployment changes the table itself. */
export function liveSlotsOutOfRotation(context: DeployContext, table: Table): SlotName[] {
  return context.journal.active() === null ? slotsOutOfRotation(table, liveSlots(context)) : [];
}

export function isBusy(context: DeployContext): boolean {
  return context.journal.pending().length > 0 || isLocked(context.home);
}

/** True for a held deployment or a canary: either may take days, and neither fixes a fault in that time. */
export function onlyHolds(context: DeployContext): boolean {
  const active = context.journal.active();
  if (active === null || active.request === 'abort') return false;
  return isCanary(active) || (active.state === 'holding' && active.request === null);
}

/** True if a restore may interrupt the hold or the canary; false once a restore is queued. */
export function mayInterruptHold(context: DeployContext): boolean {
  return onlyHolds(context) && context.journal.pending().every(({ kind }) => kind !== 'restore');
}

export function reportIncident(
  { journal }: DeployContext,
  reason: IncidentReason,
  message: string,
  slot?: SlotName,
): Promise<void> {
  return journal.record(null, { type: 'incident', reason, message, ...(slot ? { slot } : {}) });
}
