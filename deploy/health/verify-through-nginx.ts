/** After the shift, verifies that users get the very process that passed verify. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../core/errors';
import type { ProbeAnswer } from '../core/interfaces';
import type { Proof } from '../core/slot';
import type { DeployContext } from '../context';
import { builtRelease } from '../context';
import type { ProcessWatch, Sight, Tell } from './process-watch';
import { lostWithEngine, processWatch } from './process-watch';
import { unlessSilent } from './slot-health';
import { ask, isGood } from './verify-slot';
import { machineMs } from '../os/machine-clock';

const LOOK_EVERY_MS = 50;

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
  const process = processWatch(context, proof, tell);
  const answer = await askThroughNginx(context, proof, signal);
  // a process that exited and was restarted meanwhile gives the same answer
  const sight = await process.look();
  if (isGood(answer, proof)) return;
  const again =
    sight === 'away' && (await engineIsBack(context, proof, process, signal))
      ? await askThroughNginx(context, proof, signal)
      : answer;
  if (isGood(again, proof)) return;
  const { app } = builtRelease(context, proof.commit);
  throw new KnownError(
    'E_NOT_SERVED',
    `Through nginx ${app.health} answered ${again.said}, not ${proof.slot}.`,
  );
}

async function askThroughNginx(
  context: DeployContext,
  proof: Proof,
  signal?: AbortSignal,
): Promise<ProbeAnswer> {
  const { app } = builtRelease(context, proof.commit);
  return unlessSilent(() => context.traffic.verify(app.health, signal, proof.slot), signal);
}

/** Returns true when the slot answers again. Throws E_ENGINE if it does not in time. */
async function engineIsBack(
  context: DeployContext,
  proof: Proof,
  process: ProcessWatch,
  signal?: AbortSignal,
): Promise<true> {
  const { start } = context.config.limits;
  const deadline = machineMs() + start * 1000;
  let sight: Sight = 'away';
  for (; machineMs() < deadline; await sleep(LOOK_EVERY_MS, undefined, { signal })) {
    sight = await process.look();
    if (sight !== 'away' && isGood(await ask(context, proof, signal), proof)) return true;
  }
  throw lostWithEngine(proof, sight, start);
}
