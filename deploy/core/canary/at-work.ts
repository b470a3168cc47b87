/** Is this deployment a canary? Pure. */
import type { Deployment } from '../deployment';

/** True from its plan on, until its last verdict or a person's word has made it live, or it is over. */
export function isCanary({ plan, state }: Pick<Deployment, 'plan' | 'state'>): boolean {
  const isAtWork = state === 'running' || state === 'holding';
  return isAtWork && (plan ?? []).some(({ step }) => step.do === 'judge');
}
