/** Recognizes a canary in progress. Pure. */
import type { Deployment } from '../deployment';

/** True from the plan until the canary goes live, by its last verdict or an operator, or is over. */
export function isCanary({ plan, state }: Pick<Deployment, 'plan' | 'state'>): boolean {
  const isAtWork = state === 'running' || state === 'holding';
  return isAtWork && (plan ?? []).some(({ step }) => step.do === 'judge');
}

/** A canary held before its first step is not paused; it is reported like any held release. */
export function isPausedCanary(deployment: Deployment): boolean {
  return deployment.state === 'holding' && isCanary(deployment) && !deployment.hold;
}
