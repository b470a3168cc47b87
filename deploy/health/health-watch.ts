/** Watches the health of a release that has passed verify, during a hold, a canary or a bake. */
import type { ErrorCode } from '../core/errors';
import { KnownError } from '../core/errors';
import type { Proof } from '../core/slot';
import type { DeployContext } from '../context';
import type { DiskWatch } from './disk-watch';
import { blamePastFullDisk } from './disk-watch';
import { builtHealthPath } from './health-path';
import type { Warn } from './process-watch';
import { lostWithEngine, processWatch, replacedWithEngine } from './process-watch';
import { stolenPort } from './port-thief';
import { probeSlot } from './slot-health';
import { readLogHint } from './still-runs';
import { machineMs } from '../os/machine-clock';

const PROBE_EVERY_MS = 500;
/** A single slow response does not make a release unhealthy. */
const BAD_ANSWERS = 3;

export interface HealthWatchOptions {
  /** Error code for bad responses. */
  code: ErrorCode;
  warn: Warn;
  /** False for a held process: another process of the same release may not replace what testers have tried. */
  mayBeReplaced: boolean;
  /** `report` if no user gets the release; `wait` if an undo takes more than a shift. */
  disk: DiskWatch;
}

/**
 * Result of one check: `blind` while the engine is down or has just come back; `waiting` if the process does not answer
 * during that time, and while the disk is full.
 */
export type Health = 'healthy' | 'blind' | 'waiting';

/**
 * Returns a function to call repeatedly; it probes twice a second. It throws E_EXITED or E_KILLED if the very process
 * is gone, and `code` after several consecutive bad responses. It throws E_ENGINE if the process went down with the
 * engine and either did not return in time or returned as a process that may not replace it. It throws
 * E_STRANGER_ON_PORT if another process has the port, and E_DISK if the disk stays full or was full during the failure.
 */
export function healthWatch(
  context: DeployContext,
  proof: Proof,
  { code, warn, mayBeReplaced, disk }: HealthWatchOptions,
): () => Promise<Health> {
  const path = builtHealthPath(context, proof.commit);
  const process = processWatch(context, proof, warn);
  let failedMeanwhile = false;
  let bad = 0;
  let badSince = 0;
  let next = 0;
  const check = async (): Promise<Health> => {
    const presence = await process.check();
    if (!mayBeReplaced && (presence === 'gone' || presence === 'restarted')) throw replacedWithEngine(proof);
    if (machineMs() >= next) {
      next = machineMs() + PROBE_EVERY_MS;
      const answer = await probeSlot(context, proof);
      if (answer.works) {
        process.answered();
        failedMeanwhile = false;
      }
      if (bad === 0) badSince = machineMs();
      bad = answer.works ? 0 : bad + 1;
      // while the engine is down, only a process that responds, however badly, is known to be running
      const isJudged = presence === 'running' || (presence === 'unknown' && answer.status !== null);
      if (bad >= BAD_ANSWERS && isJudged) {
        throw new KnownError(
          code,
          `${path} in ${proof.slot} answered ${answer.message}.`,
          readLogHint(proof.slot),
        );
      }
    }
    if (presence === 'running') return 'healthy';
    const { start } = context.config.limits;
    // a hold has no users to protect, and without the engine nothing could be undone
    if (mayBeReplaced && bad > 0 && machineMs() - badSince > start * 1000)
      throw lostWithEngine(proof, presence, start);
    return bad > 0 ? 'waiting' : 'blind';
  };
  return async () => {
    const isFull = await disk.isFull();
    try {
      const health = await check();
      return isFull || failedMeanwhile ? 'waiting' : health;
    } catch (error) {
      const stolen = await stolenPort(context, proof.slot);
      if (stolen) throw stolen;
      if (!isFull || disk.on !== 'wait') throw failedMeanwhile ? blamePastFullDisk(error) : error;
      failedMeanwhile = true;
      bad = 0;
      return 'waiting';
    }
  };
}
