/** What the watch knows of a slot that serves, and how it tells a new process from the one it has met. */
import type { Deployment, RunningSlot, SlotName } from './core/types';
import type { Yard } from './yard';
import { machineMs } from './os/machine-clock';

/** What is remembered of a slot that serves. */
export interface Watched {
  /** How often in a row it did not answer. */
  badInARow: number;
  process: Met | null;
  /** The pid that was ended since it hung: what is killed is still there for a moment. */
  ended: number | null;
  /** It was told that it does not answer. */
  missed: boolean;
  /** How often it was started again in vain, and when it may be tried next, in milliseconds since 1970. */
  restores: { count: number; notBefore: number };
}

/** The process in a slot, as long as it is the same one. */
export interface Met {
  pid: number;
  instance: string;
  /** Milliseconds since 1970. */
  since: number;
  answered: boolean;
}

export function newlyWatched(): Watched {
  return { badInARow: 0, process: null, ended: null, missed: false, restores: { count: 0, notBefore: 0 } };
}

/**
 * The deployment that is at work watches this slot for itself: all while it bakes, and before that the one that it gives
 * the traffic to. One that goes over several slots in turn has none but the next in mind.
 */
export function looksAfter(deployment: Deployment | null, slot: SlotName): boolean {
  if (deployment?.state === 'baking') return true;
  const goesOverSeveral = deployment?.plan?.some(
    ({ step }) => step.do === 'verify-live' && (step.others ?? []).length > 0,
  );
  return !goesOverSeveral && deployment?.to?.slot === slot;
}

/**
 * One that was never restarted is the very process that was verified before it got users. An engine that was itself
 * started again counts nothing, but then another process of the same start was met before.
 */
export function firstSight({ instance, restarts }: RunningSlot, pid: number, before: Met | null): Met {
  const answered = restarts === 0 && instance !== before?.instance;
  return { pid, instance, since: machineMs(), answered };
}

/** The same start of the same release, but another process: it ended, however quickly it was back. */
export function wasRestarted(met: Met | null, running: RunningSlot | null): boolean {
  return met !== null && running?.pid != null && running.instance === met.instance && running.pid !== met.pid;
}

/**
 * It ended after it went live, but before the first look at it. Told once: the next deployer looks at it for the
 * first time too.
 */
export function endedUnseen(yard: Yard, met: Met | null, running: RunningSlot | null): boolean {
  if (running?.pid == null || running.instance === met?.instance) return false;
  const { live = null, plan = null } = yard.journal.lastLive() ?? {};
  const { slot, instance, restarts } = running;
  const proofs = (plan ?? []).flatMap(({ step }) =>
    step.do === 'verify-live' ? [step, ...(step.others ?? [])] : [],
  );
  const grew = proofs.some((proof) => proof.instance === instance && restarts > proof.restarts);
  if (live === null || !grew) return false;
  return !yard.journal
    .incidents(20)
    .some(({ id, message }) => id >= live && message.startsWith(`${slot} ended`));
}
