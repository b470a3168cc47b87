/** What waits in the queue and cannot wait for a person, or for a canary's steps. */
import { KnownError } from '../../core/errors';
import { isUrgent } from '../../core/queue';
import type { Deployment } from '../../core/deployment';

/** A rollback, or bringing back what has died, is for users who suffer now. Throws E_ABORTED. @param doing `held` */
export function yieldToUrgent(pending: Deployment[], doing: string): void {
  const urgent = pending.find((each) => each.state === 'queued' && isUrgent(each));
  if (urgent)
    throw new KnownError('E_ABORTED', `It was ${doing}, and a ${urgent.kind} does not wait for that.`);
}

/** A newer release takes its place, where the configuration says so. Throws E_ABORTED. */
export function yieldToNewer(pending: Deployment[]): void {
  const newer = pending.find(({ state, kind }) => state === 'queued' && kind === 'deploy');
  if (newer)
    throw new KnownError('E_ABORTED', `Deployment ${newer.id} takes its place (canary.onPush: supersede).`);
}
