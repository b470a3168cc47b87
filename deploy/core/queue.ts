/** The queue: one deployment runs, the newest push waits, older pushes that still wait are superseded. */
import type { Deployment } from './deployment';
import { isActive } from './transitions';

export interface QueueDecision {
  /** The deployment to begin now, if any. */
  begin: Deployment | null;
  /** Waiting pushes that a newer push has made pointless. */
  superseded: Deployment[];
}

/**
 * What a person named (a commit, a rollback) waits its turn in order; only pushes of the same branch
 * replace each other, because each means "the tip of the branch", whether the hook, a webhook or the poll
 * has told of it. A rollback or a restore goes before waiting deploys: it is asked for when something hurts.
 */
export function decideQueue(deployments: Deployment[]): QueueDecision {
  const waiting = deployments.filter((d) => d.state === 'queued').sort((a, b) => a.id - b.id);
  const superseded = waiting.filter((d) => newerPushWaits(d, waiting));
  const left = waiting.filter((d) => !superseded.includes(d));
  const busy = deployments.some((d) => isActive(d.state));
  const first = left.find(isUrgent) ?? left[0] ?? null;
  return { begin: busy ? null : first, superseded };
}

/** For users who suffer now. */
export function isUrgent({ kind }: Deployment): boolean {
  return kind === 'rollback' || kind === 'restore';
}

function newerPushWaits(push: Deployment, waiting: Deployment[]): boolean {
  return push.branch !== null && waiting.some((other) => other.branch === push.branch && other.id > push.id);
}
