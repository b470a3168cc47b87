/** After the shift, verifies that users get the very process that passed verify. */
import { KnownError } from '../core/errors';
import type { ProbeAnswer, Traffic } from '../core/interfaces';
import type { Proof } from '../core/slot';
import type { DeployContext } from '../context';
import type { ProcessWatch, Presence, Warn } from './process-watch';
import { lostWithEngine, processWatch } from './process-watch';
import { withOwnPort } from './port-thief';
import { retrySilent } from './slot-health';
import type { VerifyTarget } from './verify-slot';
import { probeDirectly, isFromProcess, verifyTarget } from './verify-slot';
import { waitUntil } from '../os/wait-until';

const POLL_EVERY_MS = 50;

/**
 * Probes through nginx: users must get this very process, and it must not have exited since its proof. If the engine is
 * down, waits for it, because the slot may have gone down with it. If nginx has no free connections, neither the
 * release nor the shift is at fault: the process is then probed directly, and the table is read as nginx reads it
 * (docs/decisions/0031-verify-while-nginx-is-full.md). Throws E_EXITED, E_KILLED, E_NOT_SERVED, E_ENGINE,
 * E_STRANGER_ON_PORT.
 */
export function verifyServed(
  context: DeployContext,
  proof: Proof,
  warn: Warn,
  signal?: AbortSignal,
): Promise<void> {
  return withOwnPort(context, proof.slot, () => proveServed(context, proof, warn, signal));
}

async function proveServed(
  context: DeployContext,
  proof: Proof,
  warn: Warn,
  signal?: AbortSignal,
): Promise<void> {
  const target = verifyTarget(context, proof);
  const process = processWatch(context, proof, warn);
  const answer = await askThroughNginx(context, target, warn, signal);
  // a process that has exited and been restarted gives the same response
  const presence = await process.check();
  if (isFromProcess(answer, proof)) return;
  const again =
    presence === 'unknown' && (await engineIsBack(context, target, process, signal))
      ? await askThroughNginx(context, target, warn, signal)
      : answer;
  if (isFromProcess(again, proof)) return;
  throw new KnownError(
    'E_NOT_SERVED',
    `Through nginx ${target.health} answered ${again.message}, not ${proof.slot}.`,
  );
}

function askThroughNginx(
  { traffic }: DeployContext,
  target: VerifyTarget,
  warn: Warn,
  signal?: AbortSignal,
): Promise<ProbeAnswer> {
  return retrySilent(async () => {
    const answer = await traffic.verify(target.health, signal, target.proof.slot);
    return answer.status === null ? ((await askAround(traffic, target, warn, signal)) ?? answer) : answer;
  }, signal);
}

/** The process's own good response, if nginx is full and its table leads to the slot; otherwise null. */
async function askAround(
  traffic: Traffic,
  target: VerifyTarget,
  warn: Warn,
  signal?: AbortSignal,
): Promise<ProbeAnswer | null> {
  if (!(await traffic.isOverloaded(target.proof.slot))) return null;
  const answer = await probeDirectly(target, signal);
  if (!isFromProcess(answer, target.proof)) return null;
  await warn(
    'nginx has no free connection for a probe: the process and the traffic table were checked instead',
  );
  return answer;
}

/** Returns true once the slot answers again. Throws E_ENGINE if it does not in time. */
async function engineIsBack(
  context: DeployContext,
  target: VerifyTarget,
  process: ProcessWatch,
  signal?: AbortSignal,
): Promise<true> {
  const { proof } = target;
  const { start } = context.config.limits;
  let presence: Presence = 'unknown';
  const answers = async (): Promise<boolean> => {
    presence = await process.check();
    return presence !== 'unknown' && isFromProcess(await probeDirectly(target, signal), proof);
  };
  if (await waitUntil(answers, { everyMs: POLL_EVERY_MS, withinMs: start * 1000, signal })) return true;
  throw lostWithEngine(proof, presence, start);
}
