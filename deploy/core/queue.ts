/** The queue: one deployment runs, the newest push waits, and a newer push supersedes a queued one. */
import type { Deployment } from './deployment';
import { isActive } from './transitions';

export interface QueueDecision {
  /** The deployment to start now, if any. */
  start: Deployment | null;
  /** Queued pushes that a newer push replaces. */
  superseded: Deployment[];
}

/**
 * Deployments run in the order of their requests, except that rollbacks and restores precede queued deploys, because
 * users are affected now. Only pushes of the same branch supersede each other: each of them means "the tip of the
 * branch", whether it came from the hook, a webhook or the poll.
 */
export function decideQueue(deployments: Deployment[]): QueueDecision {
  const waiting = deployments.filter((d) => d.state === 'queued').sort((a, b) => a.id - b.id);
  const superseded = waiting.filter((d) => newerPushWaits(d, waiting));
  const left = waiting.filter((d) => !superseded.includes(d));
  const busy = deployments.some((d) => isActive(d.state));
  const first = left.find(isUrgent) ?? left[0] ?? null;
  return { start: busy ? null : first, superseded };
}

/** True for deployments that fix a problem that affects users now. */
export function isUrgent({ kind }: Deployment): boolean {
  return kind === 'rollback' || kind === 'restore';
}

function newerPushWaits(push: Deployment, waiting: Deployment[]): boolean {
  return push.branch !== null && waiting.some((other) => other.branch === push.branch && other.id > push.id);
}
