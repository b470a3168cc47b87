/** The step `stop`: drains the slot and stops its process. */
import type { Slot, SlotName } from '../../core/slot';
import type { DeployContext } from '../../context';
import { slotNamed } from '../../context';
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
  if (resident.pid !== null) await drain(slot, context.config.limits.drain, how.signal);
  await context.runtime.stop(slot.name);
}
