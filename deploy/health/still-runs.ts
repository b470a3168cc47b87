/**
 * Checks that a slot still runs the process that was started. If not, finds out why it exited and whose fault that is.
 */
import { configFileName } from '../config/file';
import { asKnown, KnownError } from '../core/errors';
import { failureLine } from '../core/failure-line';
import { short } from '../core/format';
import { hadNoMemory, releaseKilled } from '../core/machine-fault';
import type { Proof, RunningSlot, SlotName } from '../core/slot';
import type { DeployContext } from '../context';
import { machineMs } from '../os/machine-clock';
import type { MemorySamples } from '../os/memory-watch';
import { waitUntil } from '../os/wait-until';

/** Minimum and maximum time to watch a killed release after its restart. It grows with how long the release had run. */
const LIVES_AGAIN_MS = 3000;
const LIVES_AGAIN_MOST_MS = 10_000;
const ENDS_AGAIN_EVERY_MS = 100;
const DEPLOY_AGAIN = 'Deploy it again: ./switchyard deploy';
/** Lines of its output that are searched for a reason. */
export const LOG_LINES = 40;

/**
 * Blames a release that exits again soon after the runtime has restarted it: nothing else shows who sent a signal.
 * Users never wait for this, because they do not have the release yet.
 */
export async function unlessItKillsItself<T>(
  context: DeployContext,
  proof: Proof,
  signal: AbortSignal | undefined,
  verified: () => Promise<T>,
): Promise<T> {
  const began = machineMs();
  try {
    return await verified();
  } catch (error) {
    const { code, message } = asKnown(error);
    if (code !== 'E_KILLED' || !(await entryOf(context, proof.slot))) throw error;
    const lived = machineMs() - began;
    const withinMs = Math.min(LIVES_AGAIN_MS + 2 * lived, LIVES_AGAIN_MOST_MS);
    const endsAgain = async (): Promise<boolean> => {
      const running = await entryOf(context, proof.slot);
      return running !== undefined && running.restarts > proof.restarts + 1;
    };
    if (!(await waitUntil(endsAgain, { everyMs: ENDS_AGAIN_EVERY_MS, withinMs, signal }))) throw error;
    throw new KnownError('E_EXITED', `${message}, and again when it was restarted`, readLogHint(proof.slot));
  }
}

/** The runtime's entry for the proof's process, which must be alive and not restarted. Throws E_EXITED, E_KILLED. */
export async function mustStillRun(
  context: DeployContext,
  proof: Proof,
  memory: MemorySamples,
): Promise<RunningSlot> {
  memory.sample();
  const running = await entryOf(context, proof.slot);
  if (running?.pid && running.restarts === proof.restarts && running.instance === proof.instance)
    return running;
  const seen = memory.seen();
  const limit = await context.runtime.exitReason(proof.slot);
  const isOwnLimit = limit !== null && !hadNoMemory(seen);
  const release = `${short(proof.commit)} in ${proof.slot}`;
  // removed from outside: the process manager keeps the entry of a process that exits by itself
  if (running === undefined) throw new KnownError('E_KILLED', `${release} was removed.`, DEPLOY_AGAIN);
  const killed = isOwnLimit ? null : releaseKilled(release, running, seen);
  if (killed !== null) throw killed;
  const line = limit ?? failureLine(await context.runtime.logs(proof.slot, LOG_LINES));
  const message = `${short(proof.commit)} ${howItEnded(running)} in ${proof.slot}${line ? `: ${line}` : ' without output'}`;
  if (limit === null) throw new KnownError('E_EXITED', message, readLogHint(proof.slot));
  const hint = `Reduce its memory use, or raise "compose.memory" in ${configFileName(context.root)}.`;
  throw new KnownError('E_EXITED', message, hint, 'compose.memory');
}

async function entryOf({ runtime }: DeployContext, slot: SlotName): Promise<RunningSlot | undefined> {
  return (await runtime.list(slot)).find((each) => each.slot === slot);
}

function howItEnded({ signal, exitCode }: RunningSlot): string {
  if (signal) return `was killed by ${signal}`;
  return exitCode === null ? 'exited' : `exited with code ${exitCode}`;
}

/** The hint for a failure that only the release's own output explains. */
export function readLogHint(slot: SlotName): string {
  return `Read its output: ./switchyard logs ${slot}`;
}
