/** The steps `verify` and `verify-live`: the very process answers, directly and then through nginx. */
import type { Proof, Proofs } from '../../core/types';
import type { Yard } from '../../yard';
import { untilOnDisk } from '../on-disk';
import { verifySlot } from '../verify';
import { verifyServed } from '../verify-served';
import type { Outcome, StepContext } from './step-context';
import { warner } from './step-context';

/** Also waits until the release would survive a power cut. */
export async function verify(yard: Yard, step: Proof, { signal }: StepContext): Promise<Outcome> {
  await verifySlot(yard, step, signal);
  await untilOnDisk(yard, step.commit, signal);
  return { detail: step.slot };
}

export async function verifyLive(yard: Yard, step: Proofs, how: StepContext): Promise<Outcome> {
  const proofs = [step, ...(step.others ?? [])];
  for (const proof of proofs) await verifyServed(yard, proof, warner(yard, how), how.signal);
  return { detail: proofs.map(({ slot }) => slot).join(', ') };
}
