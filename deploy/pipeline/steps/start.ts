/** The step `start`: starts the release in a slot and waits until it is healthy. */
import { EMPTY } from '../../core/environment';
import { KnownError } from '../../core/errors';
import type { Proof, Slot, WithEnvironment } from '../../core/types';
import { isPortFree, portInUseMessage } from '../../traffic/port-holder';
import type { Yard } from '../../yard';
import { builtRelease, slotNamed } from '../../yard';
import { waitUntilHealthy } from '../verify';
import { emptySlot } from './stop';
import type { Outcome, StepContext } from './step-context';

export async function start(yard: Yard, proof: Proof & WithEnvironment, how: StepContext): Promise<Outcome> {
  const slot = slotNamed(yard, proof.slot);
  if (!(await runsAlready(yard, proof))) await startAnew(yard, slot, proof, how);
  const running = await waitUntilHealthy(yard, proof, how.signal);
  return { detail: `${slot.name}, pid ${running.pid}` };
}

/** A deployment that was killed after its start repeats the step and finds the very process it started. */
async function runsAlready(yard: Yard, { slot, instance }: Proof): Promise<boolean> {
  const running = (await yard.runtime.list(slot)).find((each) => each.slot === slot);
  return running?.instance === instance && running.pid !== null && !running.orphan;
}

async function startAnew(
  yard: Yard,
  slot: Slot,
  { commit, instance, environment = EMPTY }: Proof & WithEnvironment,
  how: StepContext,
): Promise<void> {
  await emptySlot(yard, slot, how);
  if (!(await isPortFree(slot.port))) {
    throw new KnownError('E_STRANGER_ON_PORT', `${slot.name}: ${portInUseMessage(slot.port)}`);
  }
  await yard.runtime.start(slot, builtRelease(yard, commit), instance, environment);
}
