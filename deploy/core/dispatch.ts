/** Chooses the deployment whose process the deployer starts next. Pure. */
import { decideQueue } from './queue';
import { isActive } from './transitions';
import type { Deployment } from './deployment';

export type Dispatch =
  | { do: 'nothing' }
  /** Start the deployment, or recover it if its process has died. */
  | { do: 'launch'; id: number }
  /** Every process started for it died; it would block the queue forever. */
  | { do: 'give-up'; id: number; state: 'failed' | 'interrupted' };

const MOST_LAUNCHES = 4;

/**
 * @param pending all unfinished deployments; no process is working on any of them
 * @param launches how often a process was started for a deployment
 */
export function decideDispatch(pending: Deployment[], launches: (id: number) => number): Dispatch {
  const dead = pending.find(({ state }) => isActive(state));
  const next = dead ?? decideQueue(pending).start;
  if (next === null) return { do: 'nothing' };
  if (launches(next.id) < MOST_LAUNCHES) return { do: 'launch', id: next.id };
  return { do: 'give-up', id: next.id, state: next === dead ? 'interrupted' : 'failed' };
}

/**
 * True if the next deployment's process may be loaded in advance. A running deployment needs the processor time
 * itself; a bake only waits, and a rollback may come at any moment.
 */
export function wantsSpare(pending: Deployment[]): boolean {
  return pending.every(({ state }) => state === 'baking' || state === 'holding');
}
