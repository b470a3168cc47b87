/** Decides what the deployer does about a live slot, from its latest probe. Pure. */
import type { RunningSlot } from './slot';

/**
 * `good`: 200 from the very process, or silence while it still answers users. `bad`: any other response, or silence at
 * the health path alone. `silent`: no response to anything, including user requests. Only `silent` can be a hang.
 */
export type SlotHealth = 'good' | 'bad' | 'silent';

/** User requests that a slot answered, and those that it failed. */
export interface UserAnswers {
  answered: number;
  failed: number;
}

export interface SlotObservation {
  /** The runtime's entry for the slot, or null if it has none. */
  running: RunningSlot | null;
  health: SlotHealth;
  /** Number of consecutive probes that were not good, including this one, and for how long, in milliseconds. */
  badInARow: number;
  badForMs: number;
  /** Number of consecutive silent probes, and for how long, in milliseconds. */
  silentInARow: number;
  silentForMs: number;
  /** Counted since its health stopped being good, over the last few seconds at most. */
  users: UserAnswers;
  /** Open user connections to a slot whose health path has been silent for long. */
  waiting: number;
  /** Another process listens on its port, and gets its users' requests. */
  isPortTaken: boolean;
  /** Another verified process can take over its users. */
  hasSubstitute: boolean;
  /** A deployment is queued or in progress, so the watch must leave the table alone. */
  isBusy: boolean;
  /** This very process answered before, so it has finished its start. */
  answeredBefore: boolean;
  /** Milliseconds since this process was first seen. */
  seenForMs: number;
  /** Maximum duration of a start, in milliseconds. */
  startLimitMs: number;
  /** Restarts by the watch within the window, and milliseconds since the last one; null for none. */
  restarts: { hung: number; unhealthy: number; lastAgoMs: number | null };
  /** It crashed as often as the configuration allows, and the watch has not acted on it yet. */
  crashesTooOften: boolean;
}

export type WatchAction =
  | 'nothing'
  /** It is unhealthy: leave it running, but warn. */
  | 'warn'
  /**
   * Another process has its port: move its users away, or show the maintenance page until the release runs in another
   * slot.
   */
  | 'shut-out'
  /** It hangs: kill the process, so that the runtime restarts it. */
  | 'kill'
  /** An operator is stopping it and it accepts no new connections: move its users away, so that it stops sooner. */
  | 'move-away'
  /** It also fails user requests: move users away where possible, then drain and restart it. */
  | 'restart'
  /** Restarts did not help. */
  | 'give-up'
  /** It keeps crashing: make another release live. */
  | 'replace'
  /** It has no process and nothing will start one: start the release in the same slot. */
  | 'restore'
  /**
   * It cannot stay: no process manager supervises it, or it is being stopped without a standby, and open requests may
   * keep it for long. Start its release in the other slot.
   */
  | 'adopt';

/** A busy process may miss a probe; three in a row over three seconds are a hang. */
const HANGS_AFTER = 3;
const HANGS_AFTER_MS = 3000;
/**
 * Time limits for the probes of a silent slot, in milliseconds. The last is the longest, so that a slow process can
 * still answer.
 */
const PROBE_LIMITS_MS = [1000, 500, 1500];
/** The runtime gets this many probes to restart the process itself. */
const GONE_AFTER = 3;
/** A shorter failure of the health path is not worth a notification. */
const UNHEALTHY_AFTER = 3;
const UNHEALTHY_AFTER_MS = 2000;
/** Minimum number of user requests for a decision. */
const EVIDENCE = 5;
/** Open requests count if none is answered for this long, because nginx logs a request only when it is complete. */
export const UNANSWERED_AFTER_MS = 10_000;
/**
 * Minimum share of failed user requests for a restart, if another slot can take over. If none can, the watch waits
 * until every request fails, because a restart would interrupt the users who still get answers.
 */
const MOST = 0.5;
/** Earlier restarts are not counted. */
export const RESTART_WINDOW_MS = 600_000;
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 60_000;
const MOST_UNHEALTHY_RESTARTS = 3;

/** The time limit of the slot's next probe, chosen so that three silent probes take three seconds. */
export function probeLimitMs(silentInARow: number): number {
  return PROBE_LIMITS_MS[silentInARow] ?? 1000;
}

/** Delay before the next attempt to start a slot, with backoff. @param tried number of failed attempts */
export function restoreBackoffMs(tried: number): number {
  return Math.min(60_000, 1000 * 2 ** tried);
}

export function decideWatch(observed: SlotObservation): WatchAction {
  const { running, health, badInARow } = observed;
  // its crashes are not the release's fault: it cannot listen; a deployment guards the ports itself
  if (observed.isPortTaken) return observed.isBusy ? 'nothing' : 'shut-out';
  if (observed.crashesTooOften && !observed.isBusy) return 'replace';
  if (health === 'good') return running?.orphan ? 'adopt' : 'nothing';
  if (running === null) return badInARow >= GONE_AFTER ? 'restore' : 'nothing';
  if (running.pid === null)
    return running.status === 'stopped' && badInARow >= GONE_AFTER ? 'restore' : 'nothing';
  if (running.status === 'stopping' && health === 'silent' && badInARow >= GONE_AFTER && !observed.isBusy)
    return observed.hasSubstitute ? 'move-away' : 'adopt';
  if (running.status !== 'online' || isStarting(observed)) return 'nothing';
  return health === 'silent' ? decideSilent(observed) : decideBad(observed);
}

function decideSilent(observed: SlotObservation): WatchAction {
  if (observed.silentInARow < HANGS_AFTER || observed.silentForMs < HANGS_AFTER_MS) return 'nothing';
  return mayRestart(observed) ? 'kill' : 'warn';
}

/** A process that answers does not hang, so user requests decide; without them there is no evidence. */
function decideBad(observed: SlotObservation): WatchAction {
  if (observed.badInARow < UNHEALTHY_AFTER || observed.badForMs < UNHEALTHY_AFTER_MS) return 'nothing';
  if (!usersFail(observed) || observed.isBusy) return 'warn';
  if (observed.restarts.unhealthy >= MOST_UNHEALTHY_RESTARTS) return 'give-up';
  return mayRestart(observed) ? 'restart' : 'warn';
}

function usersFail({ users: { answered, failed }, waiting, hasSubstitute }: SlotObservation): boolean {
  if (answered === 0 && failed + waiting >= EVIDENCE) return true;
  if (answered + failed < EVIDENCE) return false;
  return hasSubstitute && failed / (answered + failed) >= MOST;
}

/** Leaves each restart time to take effect. */
function mayRestart({ restarts: { hung, unhealthy, lastAgoMs } }: SlotObservation): boolean {
  return lastAgoMs === null || lastAgoMs >= pauseAfterMs(hung + unhealthy);
}

function pauseAfterMs(restarts: number): number {
  return restarts === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (restarts - 1));
}

/** A single good answer may be a coincidence. */
export const GOOD_AGAIN_AFTER = 3;

/** True if a slot may get its traffic back; false when restarts did not help it. */
export function mayRegainTraffic(goodInARow: number, { unhealthy }: SlotObservation['restarts']): boolean {
  return goodInARow >= GOOD_AGAIN_AFTER && unhealthy < MOST_UNHEALTHY_RESTARTS;
}

/** Without this, an app that needs ten seconds to start would be killed each time. */
function isStarting({ answeredBefore, seenForMs, startLimitMs }: SlotObservation): boolean {
  return !answeredBefore && seenForMs <= startLimitMs;
}
