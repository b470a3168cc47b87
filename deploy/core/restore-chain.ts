/**
 * A release that was live cannot be started again. Earlier good releases are tried in turn, newest first. Each attempt
 * is a deployment of its own, so the journal alone says which come next. Pure.
 */
import type { ErrorCode } from './errors';
import { rollbackTarget } from './rollback-target';
import type { Deployment } from './deployment';
import type { Commit } from './release';

/** How many earlier releases are tried after one restore. */
const MOST_EARLIER = 5;

/** Faults of the machine, and commands of an operator: an older release meets them too. */
const NOT_OF_THE_RELEASE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'E_ABORTED',
  'E_STOPPED',
  'E_INTERRUPTED',
  'E_ENGINE',
  'E_NO_ROOM',
  'E_DISK',
  'E_NO_NPM',
  'E_NGINX',
  'E_NOT_SERVED',
  'E_UNREADABLE_TABLE',
]);

type Attempt = Pick<Deployment, 'kind' | 'trigger'>;

/** It brings users a release back after an outage; no operator asked for this very one. */
export function isRevival({ kind, trigger }: Attempt): boolean {
  return kind === 'restore' || isFallback({ kind, trigger });
}

/** An earlier release that is started because a newer one did not. */
export function isFallback({ kind, trigger }: Attempt): boolean {
  return kind === 'rollback' && (trigger === 'start' || trigger === 'watch');
}

/**
 * The release to try after this attempt failed; null for none. Call it only while no release is live.
 * @param history every deployment, in any order
 */
export function nextToTry(
  history: Deployment[],
  failed: Pick<Deployment, 'id' | 'kind' | 'trigger' | 'commit'>,
  errorCode: ErrorCode,
): Commit | null {
  if (!isRevival(failed) || failed.commit === null || NOT_OF_THE_RELEASE.has(errorCode)) return null;
  // the other slot has a port of its own
  if (errorCode === 'E_STRANGER_ON_PORT') return failed.kind === 'restore' ? failed.commit : null;
  return earlierTried(history, failed.id) < MOST_EARLIER ? rollbackTarget(history, failed.commit) : null;
}

/** Attempts since the last restore, this one included. */
function earlierTried(history: Deployment[], id: number): number {
  const before = history.filter((each) => each.id <= id).sort((a, b) => b.id - a.id);
  const first = before.findIndex((each) => !isFallback(each));
  return first === -1 ? before.length : first;
}
