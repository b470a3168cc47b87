/** The steps `verify` and `verify-live`: check that the very process responds, directly and then through nginx. */
import type { Proof, Proofs } from '../../core/slot';
import type { DeployContext } from '../../context';
import { waitUntilDurable } from '../../release/flush';
import { closesEarly } from '../../health/keep-alive';
import type { Warn } from '../../health/process-watch';
import { unlessItKillsItself } from '../../health/still-runs';
import { verifySlot, verifyTarget } from '../../health/verify-slot';
import { verifyServed } from '../../health/verify-through-nginx';
import type { Outcome, StepContext } from './step-context';

/** Also waits until the release would survive a power cut, and warns if the app closes connections too early. */
export async function verify(context: DeployContext, step: Proof, how: StepContext): Promise<Outcome> {
  const { port, health } = verifyTarget(context, step);
  const early = closesEarly(port, health);
  await unlessItKillsItself(context, step, how.signal, () => verifySlot(context, step, how.signal));
  await waitUntilDurable(context, step.commit, how.signal);
  const idleMs = await early;
  if (idleMs !== null) await context.journal.warn(how.deploymentId, earlyClose(step, idleMs));
  return { detail: step.slot };
}

export async function verifyLive(context: DeployContext, step: Proofs, how: StepContext): Promise<Outcome> {
  const warn: Warn = (message) => context.journal.warn(how.deploymentId, message);
  const proofs = [step, ...(step.others ?? [])];
  for (const proof of proofs) await verifyServed(context, proof, warn, how.signal);
  return { detail: proofs.map(({ slot }) => slot).join(', ') };
}

function earlyClose({ slot }: Proof, idleMs: number): string {
  return `${slot} closes idle connections after ${idleMs} ms, and nginx only after 1 s: now and then a POST is lost. Make its keep-alive timeout 2 s or longer (server.keepAliveTimeout in Node)`;
}
