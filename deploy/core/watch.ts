/** What the deployer does about a slot that serves, from what it just saw. Pure. */
import type { RunningSlot } from './slot';

/**
 * `good`: 200 from the very process, or silent while it answers users. `bad`: any other answer, or none at the health path
 * alone. `silent`: no answer to anything, and no user got one either. Only silence can be a hang.
 */
export type SlotHealth = 'good' | 'bad' | 'silent';

/** Users' requests that a slot answered, and those that it failed. */
export interface UserAnswers {
  answered: number;
  failed: number;
}

export interface Sight {
  /** The runtime's entry for the slot, or null when it has none. */
  running: RunningSlot | null;
  health: SlotHealth;
  /** How often in a row its health was not good, this look included, and for how long, in milliseconds. */
  badInARow: number;
  badForMs: number;
  /** How often in a row it was silent, and for how long, in milliseconds. */
  silentInARow: number;
  silentForMs: number;
  /** Since its health is not good, at most over the last seconds. */
  users: UserAnswers;
  /** Connections of users to a slot whose health path has not answered for long. */
  waiting: number;
  /** Another proven process can take its users. */
  hasSubstitute: boolean;
  /** A deployment is at work or waits: the table is not the watch's to change. */
  isBusy: boolean;
  /** This very process answered before: it is not at its start any more. */
  answeredBefore: boolean;
  /** Milliseconds since this process was first seen. */
  seenForMs: number;
  /** The longest a start may take, in milliseconds. */
  startLimitMs: number;
  /** Its restarts by the watch within the window, and how long ago the last one was; null for none. */
  restarts: { hung: number; unhealthy: number; lastAgoMs: number | null };
  /** It crashed as often as the configuration allows, and nothing was done about that yet. */
  crashesTooOften: boolean;
}

export type WatchAction =
  | 'nothing'
  /** It answers badly and is left alone: a warning is due. */
  | 'warn'
  /** It hangs: kill the process, so that the runtime starts it again. */
  | 'kill'
  /** It is being stopped by hand and takes no new connection: move its users away, so that it ends sooner. */
  | 'move-away'
  /** It answers users badly too: move them away where possible, drain it and restart it. */
  | 'restart'
  /** It was restarted in vain. */
  | 'give-up'
  /** It crashes again and again: another release takes its place. */
  | 'replace'
  /** Nothing runs there and nobody will start it: start the release in the same slot. */
  | 'restore'
  /** It serves, but no process manager looks after it: start its release in the other slot. */
  | 'adopt';

/** A busy process may miss a probe; three in a row over three seconds mean that it hangs. */
const HANGS_AFTER = 3;
const HANGS_AFTER_MS = 3000;
/** The probes of a silent slot, in milliseconds. The last one waits longest: a process that is only slow answers it. */
const PROBE_LIMITS_MS = [1000, 500, 1500];
/** The runtime's own restart comes first. */
const GONE_AFTER = 3;
/** A shorter failure of the health path is not worth a notification. */
const UNHEALTHY_AFTER = 3;
const UNHEALTHY_AFTER_MS = 2000;
/** Fewer users' requests are no evidence. */
const EVIDENCE = 5;
/** Requests that are open while none is answered for so long are evidence: nginx logs them only at their end. */
export const UNANSWERED_AFTER_MS = 10_000;
/** With a substitute a restart costs users nothing; without one it costs those that still get answers. */
const MOST = 0.5;
/** Restarts count for so long. */
export const RESTART_WINDOW_MS = 600_000;
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 60_000;
const MOST_UNHEALTHY_RESTARTS = 3;

/** How long the next probe of a slot may take, so that three silences take three seconds. */
export function probeLimitMs(silentInARow: number): number {
  return PROBE_LIMITS_MS[silentInARow] ?? 1000;
}

/** What could not be started is not to be tried a thousand times in a row. @param tried how often it was tried */
export function restoreAgainAfterMs(tried: number): number {
  return Math.min(60_000, 1000 * 2 ** tried);
}

export function decideWatch(sight: Sight): WatchAction {
  const { running, health, badInARow } = sight;
  if (sight.crashesTooOften && !sight.isBusy) return 'replace';
  if (health === 'good') return running?.orphan ? 'adopt' : 'nothing';
  if (running === null) return badInARow >= GONE_AFTER ? 'restore' : 'nothing';
  if (running.pid === null)
    return running.status === 'stopped' && badInARow >= GONE_AFTER ? 'restore' : 'nothing';
  if (running.status === 'stopping' && health === 'silent' && badInARow >= GONE_AFTER && !sight.isBusy)
    return 'move-away';
  if (running.status !== 'online' || isStarting(sight)) return 'nothing';
  return health === 'silent' ? decideSilent(sight) : decideBad(sight);
}

function decideSilent(sight: Sight): WatchAction {
  if (sight.silentInARow < HANGS_AFTER || sight.silentForMs < HANGS_AFTER_MS) return 'nothing';
  return mayRestart(sight) ? 'kill' : 'warn';
}

/** An answer is not a hang. What users get decides, and without their requests there is no evidence. */
function decideBad(sight: Sight): WatchAction {
  if (sight.badInARow < UNHEALTHY_AFTER || sight.badForMs < UNHEALTHY_AFTER_MS) return 'nothing';
  if (!usersFail(sight) || sight.isBusy) return 'warn';
  if (sight.restarts.unhealthy >= MOST_UNHEALTHY_RESTARTS) return 'give-up';
  return mayRestart(sight) ? 'restart' : 'warn';
}

function usersFail({ users: { answered, failed }, waiting, hasSubstitute }: Sight): boolean {
  if (answered === 0 && failed + waiting >= EVIDENCE) return true;
  if (answered + failed < EVIDENCE) return false;
  return hasSubstitute && failed / (answered + failed) >= MOST;
}

/** Each restart must have had time to help. */
function mayRestart({ restarts: { hung, unhealthy, lastAgoMs } }: Sight): boolean {
  return lastAgoMs === null || lastAgoMs >= pauseAfterMs(hung + unhealthy);
}

function pauseAfterMs(restarts: number): number {
  return restarts === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (restarts - 1));
}

/** One good answer may be luck. */
export const GOOD_AGAIN_AFTER = 3;

/** A slot that users were moved away from gets them back, unless restarts have not helped it. */
export function mayReturn(goodInARow: number, { unhealthy }: Sight['restarts']): boolean {
  return goodInARow >= GOOD_AGAIN_AFTER && unhealthy < MOST_UNHEALTHY_RESTARTS;
}

/** An app that needs ten seconds to start would otherwise be killed for it again and again. */
function isStarting({ answeredBefore, seenForMs, startLimitMs }: Sight): boolean {
  return !answeredBefore && seenForMs <= startLimitMs;
}
