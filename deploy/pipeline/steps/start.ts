/** The step `start`: starts the release in a slot and waits until it is healthy. */
import { EMPTY_ENVIRONMENT } from '../../core/environment';
import { KnownError } from '../../core/errors';
import type { Proof, Slot, WithEnvironment } from '../../core/slot';
import { isPortFree, portInUseMessage } from '../../os/port-holder';
import type { DeployContext } from '../../context';
import { builtRelease, slotNamed } from '../../context';
import { waitUntilHealthy } from '../../health/verify-slot';
import { emptySlot } from './stop';
import type { Outcome, StepContext } from './step-context';

export async function start(
  context: DeployContext,
  proof: Proof & WithEnvironment,
  how: StepContext,
): Promise<Outcome> {
  const slot = slotNamed(context, proof.slot);
  if (!(await runsAlready(context, proof))) await startAnew(context, slot, proof, how);
  const say = (message: string): Promise<void> =>
    context.journal.record(how.deploymentId, { type: 'progress', message });
  const running = await waitUntilHealthy(context, proof, how.signal, say);
  return { detail: `${slot.name}, pid ${running.pid}` };
}

/** After a kill, the recovered deployment repeats this step and finds the very process that it had started. */
async function runsAlready(context: DeployContext, { slot, instance }: Proof): Promise<boolean> {
  const running = (await context.runtime.list(slot)).find((each) => each.slot === slot);
  return running?.instance === instance && running.pid !== null && !running.orphan;
}

async function startAnew(
  context: DeployContext,
  slot: Slot,
  { commit, instance, environment = EMPTY_ENVIRONMENT }: Proof & WithEnvironment,
  how: StepContext,
): Promise<void> {
  await emptySlot(context, slot, how);
  if (!(await isPortFree(slot.port))) {
    throw new KnownError('E_STRANGER_ON_PORT', `${slot.name}: ${portInUseMessage(slot.port)}`);
  }
  const release = builtRelease(context, commit, { by: how.deploymentId, environment });
  await context.runtime.start(slot, release, instance, environment);
}
