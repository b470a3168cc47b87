/** What the deployer does about the slot that serves, from what it just saw. Pure. */
import type { RunningSlot } from './types';

export interface Sight {
  /** The runtime's entry for the active slot, or null when it has none. */
  running: RunningSlot | null;
  /** It answered 200 with its own instance. */
  healthy: boolean;
  /** How often in a row it did not, this time included. */
  badInARow: number;
  /** This very process answered before: it is not at its start any more. */
  answeredBefore: boolean;
  /** Milliseconds since this process was first seen. */
  seenForMs: number;
  /** The longest a start may take, in milliseconds. */
  startLimitMs: number;
}

export type WatchAction =
  | 'nothing'
  /** It lives but does not answer: end the process, so that the runtime starts it again. */
  | 'kill'
  /** Nothing runs there and nobody will start it: start the release in the same slot. */
  | 'restore'
  /** It serves, but no process manager looks after it: start its release in the other slot. */
  | 'adopt';

/** A busy process may miss a probe; three in a row mean that it hangs. */
const HANGS_AFTER = 3;
/** The runtime's own restart comes first. */
const GONE_AFTER = 3;

/** What could not be started is not to be tried a thousand times in a row. @param tried how often it was tried */
export function restoreAgainAfterMs(tried: number): number {
  return Math.min(60_000, 1000 * 2 ** tried);
}

export function decideWatch(sight: Sight): WatchAction {
  const { running, healthy, badInARow } = sight;
  if (healthy) return running?.orphan ? 'adopt' : 'nothing';
  if (running === null) return badInARow >= GONE_AFTER ? 'restore' : 'nothing';
  if (running.pid === null)
    return running.status === 'stopped' && badInARow >= GONE_AFTER ? 'restore' : 'nothing';
  return running.status === 'online' && badInARow >= HANGS_AFTER && !isStarting(sight) ? 'kill' : 'nothing';
}

/** An app that needs ten seconds to start would otherwise be killed for it again and again. */
function isStarting({ answeredBefore, seenForMs, startLimitMs }: Sight): boolean {
  return !answeredBefore && seenForMs <= startLimitMs;
}
