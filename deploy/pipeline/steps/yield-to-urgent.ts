/** Aborts a hold or a canary when a more urgent deployment is queued. */
import { KnownError } from '../../core/errors';
import { isUrgent } from '../../core/queue';
import type { Deployment } from '../../core/deployment';

/** A rollback or a restore helps users who are affected now. Throws E_ABORTED. @param doing `held` or `a canary` */
export function yieldToUrgent(pending: Deployment[], doing: string): void {
  const urgent = pending.find((each) => each.state === 'queued' && isUrgent(each));
  if (urgent) throw new KnownError('E_ABORTED', `It was ${doing}, and a ${urgent.kind} takes precedence.`);
}

/** If configured so, a newer deploy supersedes this canary. Throws E_ABORTED. */
export function yieldToNewer(pending: Deployment[]): void {
  const newer = pending.find(({ state, kind }) => state === 'queued' && kind === 'deploy');
  if (newer)
    throw new KnownError('E_ABORTED', `Deployment ${newer.id} takes its place (canary.onPush: supersede).`);
}
