/**
 * What the watch knows of a slot that serves, and how it tells a new process from the one it has met. All its times are
 * the machine's: a clock that is set changes none of them.
 */
import type { Deployment } from '../core/deployment';
import type { Proof, RunningSlot, SlotName } from '../core/slot';
import type { Sight, SlotHealth, UserAnswers } from '../core/watch';
import { RESTART_WINDOW_MS } from '../core/watch';
import { recentAnswers } from '../traffic/recent-answers';
import type { DeployContext } from '../context';
import { machineMs } from '../os/machine-clock';

/** What is remembered of a slot that serves. */
export interface Watched {
  /** How often in a row its health was not good, since when, and what users got from it since. */
  badInARow: number;
  badSince: number;
  users: (() => UserAnswers) | null;
  /** How often in a row it was silent, and since when. */
  silentInARow: number;
  silentSince: number;
  goodInARow: number;
  process: Met | null;
  /** The pid that was killed for hanging: it stays visible for a moment. */
  ended: number | null;
  /** An incident says that it does not answer. */
  missed: boolean;
  /** An incident says that it answers badly; when its health turned good since, or null. */
  warned: { goodSince: number | null } | null;
  /** An incident says that restarts do not help. */
  gaveUp: boolean;
  /** It is being drained and restarted. */
  restarting: boolean;
  /** When its process ended since this start of the release was first seen. */
  crashes: number[];
  /** The runtime's count of restarts at the last look: a restart of the runtime itself adds none. */
  counted: { instance: string; restarts: number } | null;
  /** The rollback that takes its place, or that there is none to make. */
  replacedBy: number | 'nothing' | null;
  /** When and why the watch restarted it, the last one last. */
  restarts: { at: number; instance: string; why: 'hung' | 'unhealthy' }[];
  /** How often it was started again in vain, and when it may be tried next. */
  restores: { count: number; notBefore: number };
}

/** The process in a slot, as long as it is the same one. */
export interface Met {
  pid: number;
  instance: string;
  since: number;
  answered: boolean;
}

export function newlyWatched(): Watched {
  return {
    badInARow: 0,
    badSince: 0,
    users: null,
    silentInARow: 0,
    silentSince: 0,
    goodInARow: 0,
    process: null,
    ended: null,
    missed: false,
    warned: null,
    gaveUp: false,
    restarting: false,
    crashes: [],
    counted: null,
    replacedBy: null,
    restarts: [],
    restores: { count: 0, notBefore: 0 },
  };
}

/** Counts one look. @param askedAt when it was asked */
export function countLook(
  { home }: DeployContext,
  slot: SlotName,
  state: Watched,
  health: SlotHealth,
  askedAt: number,
): void {
  if (health === 'silent' && state.silentInARow === 0) state.silentSince = askedAt;
  if (health !== 'good' && state.badInARow === 0) state.badSince = askedAt;
  state.silentInARow = health === 'silent' ? state.silentInARow + 1 : 0;
  state.goodInARow = health === 'good' ? state.goodInARow + 1 : 0;
  state.badInARow = health === 'good' ? 0 : state.badInARow + 1;
  state.users = health === 'good' ? null : (state.users ?? recentAnswers(home, slot));
}

/** Counts how often the process ended since the last look. Another start of a release begins anew, with its proof. */
export function countCrashes(
  context: DeployContext,
  state: Watched,
  { instance, restarts }: RunningSlot,
): void {
  const isAnother = state.counted?.instance !== instance;
  if (isAnother) {
    state.crashes = [];
    state.replacedBy = null;
  }
  const before = isAnother
    ? (provenRestarts(context, instance) ?? restarts)
    : (state.counted?.restarts ?? restarts);
  // those before the first look ended at some time since it went live
  const at = machineMs() - (isAnother ? liveForMs(context) : 0);
  for (let crash = before; crash < restarts; crash++) state.crashes.push(at);
  state.counted = { instance, restarts };
}

/** For how long the release has been live. The clock may have been set back since. */
function liveForMs({ journal }: DeployContext): number {
  const now = Date.now();
  return Math.max(0, now - (journal.lastLive()?.liveAt ?? now));
}

/** The runtime's count when it went live, if that is so recent that each end since then still counts; otherwise null. */
function provenRestarts({ journal, config }: DeployContext, instance: string): number | null {
  const live = journal.lastLive();
  const window = (config.crashes?.withinSeconds ?? 0) * 1000;
  if (!live?.liveAt || Date.now() - live.liveAt > window) return null;
  return proofsOf(live).find((proof) => proof.instance === instance)?.restarts ?? null;
}

function proofsOf({ plan }: Pick<Deployment, 'plan'>): Proof[] {
  return (plan ?? []).flatMap(({ step }) =>
    step.do === 'verify-live' ? [step, ...(step.others ?? [])] : [],
  );
}

/** Restarts of this start of the release within the window. */
export function recentRestarts({ restarts, process }: Watched): Sight['restarts'] {
  const recent = restarts.filter(
    ({ at, instance }) => instance === process?.instance && at > machineMs() - RESTART_WINDOW_MS,
  );
  const last = recent.at(-1);
  return {
    hung: recent.filter(({ why }) => why === 'hung').length,
    unhealthy: recent.filter(({ why }) => why === 'unhealthy').length,
    lastAgoMs: last ? machineMs() - last.at : null,
  };
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
export function endedUnseen(context: DeployContext, met: Met | null, running: RunningSlot | null): boolean {
  if (running?.pid == null || running.instance === met?.instance) return false;
  const { live = null, plan = null } = context.journal.lastLive() ?? {};
  const { slot, instance, restarts } = running;
  const grew = proofsOf({ plan }).some((proof) => proof.instance === instance && restarts > proof.restarts);
  if (live === null || !grew) return false;
  return !context.journal
    .incidents(20)
    .some(({ id, message }) => id >= live && message.startsWith(`${slot} ended`));
}
