/**
 * Keeps the watch's state of a slot in service, and distinguishes a new process from the known one. All times come from
 * the machine's monotonic clock, so setting the clock changes none of them.
 */
import type { Deployment } from '../core/deployment';
import type { Incident } from '../core/event';
import type { Proof, RunningSlot, SlotName } from '../core/slot';
import type { SlotObservation, SlotHealth, UserAnswers } from '../core/watch';
import { RESTART_WINDOW_MS } from '../core/watch';
import { recentAnswers } from '../traffic/recent-answers';
import type { DeployContext } from '../context';
import { machineMs } from '../os/machine-clock';

/** The state of a slot in service. */
export interface WatchedSlot {
  /** Consecutive bad responses, the time of the first one, and the responses to users since. */
  badInARow: number;
  badSince: number;
  users: (() => UserAnswers) | null;
  /** Consecutive silent probes, and the time of the first one. */
  silentInARow: number;
  silentSince: number;
  goodInARow: number;
  process: KnownProcess | null;
  /** The pid that was killed for hanging: it stays visible for a moment. */
  ended: number | null;
  /** An incident has reported that it does not answer. */
  missed: boolean;
  /** Set once an incident has reported bad responses; `goodSince` is when its health turned good, or null. */
  warned: { goodSince: number | null } | null;
  /** An incident has reported that restarts do not help. */
  gaveUp: boolean;
  /** It is being drained and restarted. */
  restarting: boolean;
  /** When the watch noticed each exit of its process, for this start of the release. */
  crashes: number[];
  /** The runtime's restart count at the last probe: a restart of the runtime itself adds none. */
  counted: { instance: string; restarts: number } | null;
  /** The rollback that replaces it, or 'nothing' if there is no release to roll back to. */
  replacedBy: number | 'nothing' | null;
  /** When and why the watch restarted it, newest last. */
  restarts: { at: number; instance: string; why: 'hung' | 'unhealthy' }[];
  /** Failed restores, and the earliest time of the next one. */
  restores: { count: number; notBefore: number };
}

/** The known process in a slot. */
export interface KnownProcess {
  pid: number;
  instance: string;
  since: number;
  answered: boolean;
}

export function newWatchedSlot(): WatchedSlot {
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

/** Counts one probe. @param askedAt when it was sent */
export function countProbe(
  { home }: DeployContext,
  slot: SlotName,
  state: WatchedSlot,
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

/** Counts the exits since the last probe. For a new start of a release, counts from the restart count of its proof. */
export function countCrashes(
  context: DeployContext,
  state: WatchedSlot,
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
  // exits before the first probe happened at unknown times since the release went live
  const at = machineMs() - (isAnother ? liveForMs(context) : 0);
  for (let crash = before; crash < restarts; crash++) state.crashes.push(at);
  state.counted = { instance, restarts };
}

/** Milliseconds since the release went live. The clock may have been set back since then. */
function liveForMs({ journal }: DeployContext): number {
  const now = Date.now();
  return Math.max(0, now - (journal.lastLive()?.liveAt ?? now));
}

/** The restart count when the release went live, or null if that was before the crash window. */
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

/** The watch's restarts of this start of the release within the window. */
export function recentRestarts({ restarts, process }: WatchedSlot): SlotObservation['restarts'] {
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
 * True if the running deployment itself watches this slot: every slot during a bake, and before that the slot it
 * moves traffic to. A deployment over several slots watches only its next one, so the watch keeps all of them.
 */
export function isWatchedByDeployment(deployment: Deployment | null, slot: SlotName): boolean {
  if (deployment?.state === 'baking') return true;
  const goesOverSeveral = deployment?.plan?.some(
    ({ step }) => step.do === 'verify-live' && (step.others ?? []).length > 0,
  );
  return !goesOverSeveral && deployment?.to?.slot === slot;
}

/**
 * A process with no restarts is the very process that was verified before it got users. A restart of the engine is not
 * counted, but then the watch has already seen another process of the same start.
 */
export function firstProbed(
  { instance, restarts }: RunningSlot,
  pid: number,
  before: KnownProcess | null,
): KnownProcess {
  const answered = restarts === 0 && instance !== before?.instance;
  return { pid, instance, since: machineMs(), answered };
}

/**
 * The same start of the same release, but another process: the old one has exited, however quickly it was restarted.
 */
export function wasRestarted(met: KnownProcess | null, running: RunningSlot | null): boolean {
  return met !== null && running?.pid != null && running.instance === met.instance && running.pid !== met.pid;
}

/**
 * True if the process exited after it went live but before this deployer's first probe. Reported only once, because
 * every new deployer has a first probe.
 */
export function exitedBeforeFirstProbe(
  context: DeployContext,
  met: KnownProcess | null,
  running: RunningSlot | null,
): boolean {
  if (running?.pid == null || running.instance === met?.instance) return false;
  const { live = null, plan = null } = context.journal.lastLive() ?? {};
  const { slot, instance, restarts } = running;
  const grew = proofsOf({ plan }).some((proof) => proof.instance === instance && restarts > proof.restarts);
  if (live === null || !grew) return false;
  return !context.journal
    .incidents(20)
    .some((incident) => incident.id >= live && incident.slot === slot && isExit(incident));
}

function isExit({ reason }: Incident): boolean {
  return reason === 'exited' || reason === 'crashes';
}
