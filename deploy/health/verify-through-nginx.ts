/** After the shift, verifies that users get the very process that passed verify. */
import { KnownError } from '../core/errors';
import type { ProbeAnswer } from '../core/interfaces';
import type { Proof } from '../core/slot';
import type { DeployContext } from '../context';
import type { ProcessWatch, Sight, Tell } from './process-watch';
import { lostWithEngine, processWatch } from './process-watch';
import { unlessSilent } from './slot-health';
import type { VerifyTarget } from './verify-slot';
import { ask, isGood, verifyTarget } from './verify-slot';
import { waitUntil } from '../os/wait-until';

const POLL_EVERY_MS = 50;

/**
 * Probes through nginx: users must get this very process, and it must not have exited since its proof. Waits for an
 * engine that is down, because the slot may have gone down with it. Throws E_EXITED, E_NOT_SERVED, E_ENGINE.
 */
export async function verifyServed(
  context: DeployContext,
  proof: Proof,
  tell: Tell,
  signal?: AbortSignal,
): Promise<void> {
  const target = verifyTarget(context, proof);
  const process = processWatch(context, proof, tell);
  const answer = await askThroughNginx(context, target, signal);
  // a process that exited and was restarted meanwhile gives the same answer
  const sight = await process.look();
  if (isGood(answer, proof)) return;
  const again =
    sight === 'away' && (await engineIsBack(context, target, process, signal))
      ? await askThroughNginx(context, target, signal)
      : answer;
  if (isGood(again, proof)) return;
  throw new KnownError(
    'E_NOT_SERVED',
    `Through nginx ${target.health} answered ${again.said}, not ${proof.slot}.`,
  );
}

function askThroughNginx(
  { traffic }: DeployContext,
  { health, proof }: VerifyTarget,
  signal?: AbortSignal,
): Promise<ProbeAnswer> {
  return unlessSilent(() => traffic.verify(health, signal, proof.slot), signal);
}

/** Returns true when the slot answers again. Throws E_ENGINE if it does not in time. */
async function engineIsBack(
  context: DeployContext,
  target: VerifyTarget,
  process: ProcessWatch,
  signal?: AbortSignal,
): Promise<true> {
  const { proof } = target;
  const { start } = context.config.limits;
  let sight: Sight = 'away';
  const answers = async (): Promise<boolean> => {
    sight = await process.look();
    return sight !== 'away' && isGood(await ask(target, signal), proof);
  };
  if (await waitUntil(answers, { everyMs: POLL_EVERY_MS, withinMs: start * 1000, signal })) return true;
  throw lostWithEngine(proof, sight, start);
}
