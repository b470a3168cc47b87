/** The steps `verify` and `verify-live`: the very process answers, directly and then through nginx. */
import type { Proof, Proofs } from '../../core/slot';
import type { DeployContext } from '../../context';
import { untilOnDisk } from '../../release/flush';
import { verifySlot } from '../../health/verify-slot';
import { verifyServed } from '../../health/verify-through-nginx';
import type { Outcome, StepContext } from './step-context';
import { warner } from './step-context';

/** Also waits until the release would survive a power cut. */
export async function verify(context: DeployContext, step: Proof, { signal }: StepContext): Promise<Outcome> {
  await verifySlot(context, step, signal);
  await untilOnDisk(context, step.commit, signal);
  return { detail: step.slot };
}

export async function verifyLive(context: DeployContext, step: Proofs, how: StepContext): Promise<Outcome> {
  const proofs = [step, ...(step.others ?? [])];
  for (const proof of proofs) await verifyServed(context, proof, warner(context, how), how.signal);
  return { detail: proofs.map(({ slot }) => slot).join(', ') };
}
