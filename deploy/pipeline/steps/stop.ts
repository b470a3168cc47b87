/** The step `stop`: drains the slot and stops its process. */
import type { Slot, SlotName } from '../../core/slot';
import type { DeployContext } from '../../context';
import { slotNamed } from '../../context';
import { plural } from '../../core/format';
import type { LogPosition } from '../../traffic/access-log';
import { logPosition } from '../../traffic/access-log';
import { cutSince } from '../../traffic/cut-connections';
import { drain } from '../../traffic/drain';
import type { Outcome, StepContext } from './step-context';

export async function stop(
  context: DeployContext,
  { slot }: { slot: SlotName },
  how: StepContext,
): Promise<Outcome> {
  await emptySlot(context, slotNamed(context, slot), how);
  return { detail: slot };
}

/** Drains the slot and stops its process, if there is one. */
export async function emptySlot(context: DeployContext, slot: Slot, how: StepContext): Promise<void> {
  const resident = (await context.runtime.list(slot.name)).find((running) => running.slot === slot.name);
  if (!resident) return;
  const left = resident.pid === null ? 0 : await drainSlot(context, slot, how);
  const from = logPosition(context.home);
  await context.runtime.stop(slot.name);
  if (left > 0) await reportCut(context, slot, how, { left, from });
}

/** Drains the slot, and reports a long drain. Returns the number of connections that are left. */
function drainSlot(
  context: DeployContext,
  slot: Slot,
  { deploymentId, signal }: StepContext,
): Promise<number> {
  const limit = context.config.limits.drain;
  const onWait = (open: number): Promise<void> =>
    context.journal.record(deploymentId, {
      type: 'note',
      message: `waiting up to ${limit} s for ${plural(open, 'connection')} to ${slot.name} (limits.drain)`,
    });
  return drain(slot, limit, { signal, onWait });
}

async function reportCut(
  context: DeployContext,
  slot: Slot,
  how: StepContext,
  { left, from }: { left: number; from: LogPosition },
): Promise<void> {
  const kinds = await cutSince(context.home, slot, from, left);
  const limit = context.config.limits.drain;
  const connections = `${plural(left, 'connection')} to ${slot.name}`;
  await context.journal.warn(
    how.deploymentId,
    `${connections} had to be closed after ${limit} s (limits.drain): ${kinds}`,
  );
}
