/**
 * Decides what to do about a branch's tip. The tip is compared with the last one seen, never with the active release,
 * so a rollback stays until the next push or deploy. Pure.
 */
import { badVerdict } from './rollback-target';
import type { Deployment } from './deployment';
import type { Commit } from './release';

/** The last tip seen; null if the branch did not exist; undefined before the first poll. */
export type LastTip = Commit | null | undefined;

export type PollDecision =
  | 'nothing'
  /** Record the tip and leave the live release alone. */
  | 'remember'
  /** The webhook for this tip was lost. */
  | 'deploy';

/**
 * @param tip the branch's tip in the source now; null if there is no such branch
 * @param live the live commit according to the journal
 * @param pending unfinished deployments
 */
export function decidePoll(look: {
  tip: Commit | null;
  lastTip: LastTip;
  live: Commit | null;
  branch: string;
  pending: Deployment[];
  /** An aborted deployment of this branch; see `abortedUnseen`. */
  aborted: Deployment | null;
}): PollDecision {
  const { tip, lastTip, live, branch, pending, aborted } = look;
  // the first poll must not replace what npm start made live
  if (lastTip === undefined) return 'remember';
  if (tip === null || tip === lastTip) return 'nothing';
  // that deployment fetches the tip itself, and the client that pushed follows it
  if (pending.some((d) => d.branch === branch && d.commit === null)) return 'nothing';
  return tip === live || aborted !== null ? 'remember' : 'deploy';
}

/**
 * The branch's newest deployment, if an operator aborted it before its commit was known. The operator rejected the
 * current tip, so the poll must not deploy it again.
 */
export function abortedUnseen(history: Deployment[], branch: string): Deployment | null {
  const [newest] = history.filter((d) => d.branch === branch).sort((a, b) => b.id - a.id);
  return newest?.state === 'aborted' && newest.errorCode === 'E_ABORTED' && newest.commit === null
    ? newest
    : null;
}

export type TipDecision =
  | { do: 'deploy' }
  /** Already seen and handled: a late or repeated webhook, or a replayed one. */
  | { do: 'nothing-new' }
  | { do: 'refuse'; cause: string };

/**
 * Decides what to do with a tip that a push, webhook or poll reported. A report alone does not prove a new push; only a
 * moved tip does.
 * @param serving the active commit
 */
export function decideTip(look: {
  tip: Commit;
  lastTip: LastTip;
  serving: Commit | null;
  history: Deployment[];
  trigger: Deployment['trigger'];
  /** The value of a setting now: `limits.start`. */
  setting: (name: string) => unknown;
}): TipDecision {
  const { tip, lastTip, serving, history, trigger, setting } = look;
  const moved = tip !== lastTip;
  const bad = badVerdict(history, tip);
  const isLifted = bad !== null && hasOtherLimit(bad, setting);
  // only a new push or another limit retries a bad commit
  if (bad !== null && !isLifted && !(moved && trigger === 'push'))
    return { do: 'refuse', cause: bad.cause ?? 'it failed' };
  if (moved || isLifted || tip === serving) return { do: 'deploy' };
  const last = lastDeployOf(history, tip);
  return last === undefined || isWorthRetrying(last) ? { do: 'deploy' } : { do: 'nothing-new' };
}

function lastDeployOf(history: Deployment[], commit: Commit): Deployment | undefined {
  const over = history.filter((d) => d.kind === 'deploy' && d.commit === commit && d.finishedAt !== null);
  return over.sort((a, b) => b.id - a.id)[0];
}

/** True if the commit was marked bad for a limit that has another value now. */
function hasOtherLimit({ limit }: Deployment, setting: (name: string) => unknown): boolean {
  return limit !== null && JSON.stringify(setting(limit.name)) !== JSON.stringify(limit.value);
}

/** True for a tip that was never fully tried. An operator's rollback or abort counts as tried. */
function isWorthRetrying({ state, fault }: Deployment): boolean {
  if (state === 'interrupted' || state === 'superseded') return true;
  // a machine fault, or a mistake in this clone's settings, may be fixed by now
  return (state === 'failed' && fault !== 'commit') || (state === 'rolled-back' && fault === 'machine');
}
