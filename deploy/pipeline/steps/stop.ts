/** The step `stop`: drains the slot and stops its process. */
import type { Slot, SlotName } from '../../core/types';
import type { Yard } from '../../yard';
import { slotNamed } from '../../yard';
import { drain } from '../drain';
import type { Outcome, StepContext } from './step-context';

export async function stop(yard: Yard, { slot }: { slot: SlotName }, how: StepContext): Promise<Outcome> {
  await emptySlot(yard, slotNamed(yard, slot), how);
  return { detail: slot };
}

/** Stops the slot's process, if there is one, after its requests have finished. */
export async function emptySlot(yard: Yard, slot: Slot, how: StepContext): Promise<void> {
  const resident = (await yard.runtime.list(slot.name)).find((running) => running.slot === slot.name);
  if (!resident) return;
  if (resident.pid !== null) await drain(slot, yard.config.limits.drain, how.signal);
  await yard.runtime.stop(slot.name);
}
