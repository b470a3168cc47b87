/**
 * Falls back to earlier good releases, newest first, when a release that was live does not start again. Each attempt is
 * a deployment of its own, so the journal alone determines the next one. Pure.
 */
import type { ErrorCode } from './errors';
import { rollbackTarget } from './rollback-target';
import type { Deployment } from './deployment';
import type { Commit } from './release';

/** How many earlier releases are tried after a failed restore. */
const MOST_EARLIER = 5;

/** Machine faults and operator commands: an older release would fail in the same way. */
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

/** True for a deployment that brings the app back after an outage, rather than one an operator requested. */
export function isRevival({ kind, trigger }: Attempt): boolean {
  return kind === 'restore' || isFallback({ kind, trigger });
}

/** True if an earlier release is started because a newer one failed to start. */
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
  // retry once: the other slot has a different port
  if (errorCode === 'E_STRANGER_ON_PORT') return failed.kind === 'restore' ? failed.commit : null;
  // retry once: the release was not at fault
  if (errorCode === 'E_KILLED' && failed.kind === 'restore') return failed.commit;
  return earlierTried(history, failed.id) < MOST_EARLIER ? rollbackTarget(history, failed.commit) : null;
}

/** The number of fallbacks since the last restore, including the current one. */
function earlierTried(history: Deployment[], id: number): number {
  const before = history.filter((each) => each.id <= id).sort((a, b) => b.id - a.id);
  const first = before.findIndex((each) => !isFallback(each));
  return first === -1 ? before.length : first;
}
