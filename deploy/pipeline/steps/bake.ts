/**
 * The step `bake`: after the full shift both releases run, and it watches the new one's health, exits and error ratio
 * in nginx's log. The step throws for a bad release, and the runner undoes the deployment.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../../core/errors';
import type { Proofs, SlotName } from '../../core/slot';
import type { Counts } from '../../core/verdict';
import { bakePassed, NO_REQUESTS, releaseVerdict, sumOf } from '../../core/verdict';
import type { SlotCounts } from '../../traffic/access-log';
import { countRequests, logPosition, readRequests } from '../../traffic/access-log';
import { linkedTable } from '../../traffic/table-folder';
import type { DeployContext } from '../../context';
import { isStopped } from '../../core/cancel-reason';
import { diskWatch } from '../../health/disk-watch';
import { healthWatch } from '../../health/health-watch';
import type { Warn } from '../../health/process-watch';
import { readLogHint } from '../../health/still-runs';
import { machineMs } from '../../os/machine-clock';

const POLL_EVERY_MS = 100;

/**
 * Watches every slot of the release for this many seconds. Throws E_EXITED or E_BAKE if the release is bad, E_KILLED if
 * another process killed it, and E_DISK if the disk stays full. Throws E_ENGINE if Docker's engine took the release
 * down and did not bring it back in time. Waiting for the engine may extend the bake.
 * @param before the previous releases' response counts over all slots, for comparison
 * @param ended polled continuously: true if an operator wants to roll back now
 * @param warn reports events during the bake
 * @param signal ends the bake: npm stop leaves the release live, because LIVE was reported; an operator's abort throws
 * its reason
 */
export async function bake(
  context: DeployContext,
  { seconds, others = [], ...first }: Proofs & { seconds: number },
  before: Counts,
  ended: () => boolean,
  warn: Warn,
  signal?: AbortSignal,
): Promise<{ detail: string; ended: boolean }> {
  const deadline = machineMs() + seconds * 1000;
  const errors = errorWatch(context, before);
  const proofs = [first, ...others];
  const { standby } = linkedTable(context.home);
  const oldRuns = standby !== null && proofs.every(({ slot }) => slot !== standby);
  // without the old release an undo must stop and start processes, which a full disk turns into an outage
  const disk = diskWatch(context.home, warn, oldRuns ? 'fail' : 'wait');
  const watches = proofs.map((proof) => ({
    slot: proof.slot,
    look: healthWatch(context, proof, { code: 'E_BAKE', warn, mayBeReplaced: true, disk }),
  }));
  let waiting = false;
  while (machineMs() < deadline || waiting) {
    if (ended()) return { detail: 'ended by an operator', ended: true };
    if (isStopped(signal)) return { detail: 'cut short by npm stop', ended: false };
    signal?.throwIfAborted();
    waiting = false;
    const seen = errors.read();
    for (const { slot, look } of watches) {
      const health = await look();
      // errors while the engine took its containers down say nothing about the release
      if (health === 'healthy') errors.add(slot, seen);
      waiting ||= health === 'waiting';
    }
    errors.judge();
    await sleep(POLL_EVERY_MS);
  }
  return { detail: bakePassed(seconds, errors.seen(), context.config.bake), ended: false };
}

interface ErrorWatch {
  /** Response counts per slot since the last read. */
  read(): SlotCounts[];
  /** Adds the response counts of one slot of the release. */
  add(slot: SlotName, seen: SlotCounts[]): void;
  /** Throws E_BAKE. */
  judge(): void;
  /** The number of user requests the release has answered. */
  seen(): number;
}

function errorWatch(context: DeployContext, before: Counts): ErrorWatch {
  let position = logPosition(context.home);
  const account = new Map<SlotName, Counts>();
  return {
    read() {
      const read = readRequests(context.home, position);
      position = read.position;
      return countRequests(read.requests).slots;
    },
    add(slot, seen) {
      const news = seen.filter((counts) => counts.slot === slot);
      account.set(slot, sumOf([...news, account.get(slot) ?? NO_REQUESTS]));
    },
    judge() {
      const bad = releaseVerdict(before, account, context.config.bake);
      const [worst = ''] = bad?.slots ?? [];
      if (bad)
        throw new KnownError(
          'E_BAKE',
          `${bad.slots.join(', ')}: ${bad.why}.`,
          readLogHint(worst),
          'bake.maxErrorRatio',
        );
    },
    seen: () => sumOf([...account.values()]).requests,
  };
}
