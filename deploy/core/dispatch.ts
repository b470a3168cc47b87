/** Which deployment's process the deployer starts next. Pure. */
import { decideQueue } from './queue';
import { isActive } from './transitions';
import type { Deployment } from './deployment';

export type Dispatch =
  | { do: 'nothing' }
  /** Begin it; or recover it, when it is one whose process died. */
  | { do: 'launch'; id: number }
  /** Every process that was started for it died: it would hold up the queue for ever. */
  | { do: 'give-up'; id: number; state: 'failed' | 'interrupted' };

const MOST_LAUNCHES = 4;

/**
 * @param pending all that are not over; no process works on any of them just now
 * @param launches how often a process was started for a deployment
 */
export function decideDispatch(pending: Deployment[], launches: (id: number) => number): Dispatch {
  const dead = pending.find(({ state }) => isActive(state));
  const next = dead ?? decideQueue(pending).begin;
  if (next === null) return { do: 'nothing' };
  if (launches(next.id) < MOST_LAUNCHES) return { do: 'launch', id: next.id };
  return { do: 'give-up', id: next.id, state: next === dead ? 'interrupted' : 'failed' };
}

/**
 * True when the next deployment's process may be loaded in advance: where one is at work, that would only take its
 * processor time. During a bake, which waits, a rollback may come at any moment.
 */
export function wantsSpare(pending: Deployment[]): boolean {
  return pending.every(({ state }) => state === 'baking' || state === 'holding');
}
