/**
 * A branch's tip is compared with the last one seen there, never with what runs: a rollback stays until somebody
 * pushes or deploys. Pure.
 */
import { badCause } from './rollback-target';
import type { Deployment } from './deployment';
import type { Commit } from './release';

/** The last tip seen; null for a branch that was not there; undefined before the first look. */
export type LastSeen = Commit | null | undefined;

export type PollDecision =
  | 'nothing'
  /** Note the tip, and leave what is live alone. */
  | 'remember'
  /** Its webhook was lost. */
  | 'deploy';

/**
 * @param tip what the source has now; null when it has no such branch
 * @param live the commit that serves by the journal
 * @param pending deployments that are not over
 */
export function decidePoll(look: {
  tip: Commit | null;
  lastSeen: LastSeen;
  live: Commit | null;
  branch: string;
  pending: Deployment[];
  /** One of this branch that was aborted; see `abortedUnseen`. */
  aborted: Deployment | null;
}): PollDecision {
  const { tip, lastSeen, live, branch, pending, aborted } = look;
  // what npm start has made live is not overruled by whatever the source had before
  if (lastSeen === undefined) return 'remember';
  if (tip === null || tip === lastSeen) return 'nothing';
  // it will fetch the tip itself, and whoever pushed it follows that one
  if (pending.some((d) => d.branch === branch && d.commit === null)) return 'nothing';
  return tip === live || aborted !== null ? 'remember' : 'deploy';
}

/**
 * The branch's newest deployment, if an operator has aborted it before its commit was known. What the source has now is
 * what they did not want: the poll is not to bring it back.
 */
export function abortedUnseen(history: Deployment[], branch: string): Deployment | null {
  const [newest] = history.filter((d) => d.branch === branch).sort((a, b) => b.id - a.id);
  return newest?.state === 'aborted' && newest.errorCode === 'E_ABORTED' && newest.commit === null
    ? newest
    : null;
}

export type TipDecision =
  | { do: 'deploy' }
  /** Seen before and dealt with: a webhook that came late, again, or from somebody who has recorded it. */
  | { do: 'nothing-new' }
  | { do: 'refuse'; cause: string };

/**
 * What becomes of a branch's tip that a push, a webhook or a poll has led to. None of them proves that somebody
 * has pushed just now: only a tip that has moved does.
 * @param serving the commit that serves
 */
export function decideTip(look: {
  tip: Commit;
  lastSeen: LastSeen;
  serving: Commit | null;
  history: Deployment[];
  trigger: Deployment['trigger'];
}): TipDecision {
  const { tip, lastSeen, serving, history, trigger } = look;
  const moved = tip !== lastSeen;
  const cause = badCause(history, tip);
  // nothing retries a bad commit by itself; who pushes it anew wants it tried
  if (cause !== null && !(moved && trigger === 'push')) return { do: 'refuse', cause };
  if (moved || tip === serving) return { do: 'deploy' };
  const last = lastDeployOf(history, tip);
  return last === undefined || isWorthRetrying(last) ? { do: 'deploy' } : { do: 'nothing-new' };
}

function lastDeployOf(history: Deployment[], commit: Commit): Deployment | undefined {
  const over = history.filter((d) => d.kind === 'deploy' && d.commit === commit && d.finishedAt !== null);
  return over.sort((a, b) => b.id - a.id)[0];
}

/** It has not had its chance. One that a person has rolled back or aborted has. */
function isWorthRetrying({ state, fault }: Deployment): boolean {
  if (state === 'interrupted' || state === 'superseded') return true;
  // a machine's fault, or that of this clone's own settings, may be fixed by now
  return (state === 'failed' && fault !== 'commit') || (state === 'rolled-back' && fault === 'machine');
}
