/** Watches the health of a release that has passed verify: while it is held, and while it bakes. */
import type { ErrorCode } from '../core/errors';
import { KnownError } from '../core/errors';
import type { Proof } from '../core/slot';
import type { DeployContext } from '../context';
import type { DiskWatch } from './disk-watch';
import { blamePastFullDisk } from './disk-watch';
import { builtHealthPath } from './health-path';
import type { Tell } from './process-watch';
import { lostWithEngine, processWatch, replacedWithEngine } from './process-watch';
import { askSlot } from './slot-health';
import { readLog } from './verify-slot';
import { machineMs } from '../os/machine-clock';

const PROBE_EVERY_MS = 500;
/** A single slow answer is no illness. */
const BAD_ANSWERS = 3;

export interface Watched {
  /** What it fails with when it answers badly. */
  code: ErrorCode;
  tell: Tell;
  /** False for what people have tried: they mean the very process, and no other of the same release. */
  mayBeReplaced: boolean;
  /** `report` where no user gets the release; `wait` where the way back takes more than a shift. */
  disk: DiskWatch;
}

/**
 * What one look has shown: `blind` while the engine is away or has just come back, `waiting` when it does not answer
 * then, or while the disk is full.
 */
export type Health = 'well' | 'blind' | 'waiting';

/**
 * To be called again and again; it asks twice a second. Throws E_EXITED when the very process is gone, and `code`
 * when it answers badly several times in a row; E_ENGINE when it is not back in time with the engine it went with, or
 * back as another process where none may take its place; E_DISK when the disk stays full, and for what fails then.
 */
export function healthWatch(
  context: DeployContext,
  proof: Proof,
  { code, tell, mayBeReplaced, disk }: Watched,
): () => Promise<Health> {
  const path = builtHealthPath(context, proof.commit);
  const process = processWatch(context, proof, tell);
  let failedMeanwhile = false;
  let bad = 0;
  let badSince = 0;
  let next = 0;
  const look = async (): Promise<Health> => {
    const sight = await process.look();
    if (!mayBeReplaced && (sight === 'gone' || sight === 'back')) throw replacedWithEngine(proof);
    if (machineMs() >= next) {
      next = machineMs() + PROBE_EVERY_MS;
      const answer = await askSlot(context, proof);
      if (answer.works) {
        process.answered();
        failedMeanwhile = false;
      }
      if (bad === 0) badSince = machineMs();
      bad = answer.works ? 0 : bad + 1;
      // while the engine is away, only what answers badly has not gone with it
      const isJudged = sight === 'runs' || (sight === 'away' && answer.status !== null);
      if (bad >= BAD_ANSWERS && isJudged) {
        throw new KnownError(code, `${path} in ${proof.slot} answered ${answer.said}.`, readLog(proof.slot));
      }
    }
    if (sight === 'runs') return 'well';
    const { start } = context.config.limits;
    // nobody waits for what is held: until the engine is back, nothing could be taken back either
    if (mayBeReplaced && bad > 0 && machineMs() - badSince > start * 1000)
      throw lostWithEngine(proof, sight, start);
    return bad > 0 ? 'waiting' : 'blind';
  };
  return async () => {
    const isFull = await disk.isFull();
    try {
      const health = await look();
      return isFull || failedMeanwhile ? 'waiting' : health;
    } catch (error) {
      if (!isFull || disk.on !== 'wait') throw failedMeanwhile ? blamePastFullDisk(error) : error;
      failedMeanwhile = true;
      bad = 0;
      return 'waiting';
    }
  };
}
