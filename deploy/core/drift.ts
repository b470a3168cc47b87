/**
 * Detects that production runs an older release than the last one deployed: after an automatic rollback, an operator's
 * rollback or a restore. Every status output shows this until the deployed release or a newer one is live. Pure.
 */
import { named } from './format';
import { isFallback } from './restore-chain';
import type { Deployment } from './deployment';
import type { Serving } from './slot';

export interface Drift {
  /** The active release. */
  runs: Pick<Serving, 'version' | 'commit'>;
  /** The last deployed release, which is not live. */
  not: Pick<Serving, 'version' | 'commit'>;
  /** One clause. */
  why: string;
  /** Milliseconds since 1970. */
  since: number;
}

/**
 * Null if the last deployed release is live.
 * @param history every deployment, in any order
 * @param serving the active release
 */
export function driftOf(history: Deployment[], serving: Serving | null): Drift | null {
  const newest = latest(history.filter(servedOnce));
  if (!serving || !newest?.commit || newest.commit === serving.commit) return null;
  const end = endOf(newest, history);
  return {
    runs: { version: serving.version, commit: serving.commit },
    not: { version: newest.to?.version ?? newest.version ?? '?', commit: newest.commit },
    ...end,
  };
}

/** `production runs v1.0.0 (a1b2c3d), not v1.1.0 (e4f5a6b)`. */
export function driftLine({ runs, not }: Drift): string {
  return `production runs ${named(runs)}, not ${named(not)}`;
}

/** The same with the reason, for readers who did not see it happen. */
export function driftSummary(found: Drift): string {
  return `${driftLine(found)}: ${found.why}`;
}

/** True for a deploy whose release received user traffic, even briefly; any other changed nothing for users. */
function servedOnce({ kind, liveAt, state }: Deployment): boolean {
  return kind === 'deploy' && (liveAt !== null || state === 'rolled-back');
}

/** Why and since when the newest release is no longer live. */
function endOf(newest: Deployment, history: Deployment[]): Pick<Drift, 'why' | 'since'> {
  if (newest.state === 'rolled-back' && newest.fault !== 'operator') {
    return { why: newest.cause ?? 'it was rolled back', since: newest.finishedAt ?? newest.createdAt };
  }
  const after = latest(history.filter(({ id, liveAt }) => id > newest.id && liveAt !== null));
  if (after?.trigger === 'watch' && after.cause !== null) {
    return { why: after.cause, since: after.liveAt ?? after.createdAt };
  }
  return { why: whyAfter(newest, after, history), since: after?.liveAt ?? newest.createdAt };
}

function whyAfter({ commit }: Deployment, after: Deployment | null, history: Deployment[]): string {
  if (after?.kind === 'restore') return 'the previous release was restored';
  if (!after || !isFallback(after)) return 'an operator rolled it back';
  const failed = latest(history.filter((each) => each.commit === commit && each.id < after.id));
  return `it did not start again: ${failed?.cause ?? 'the cause is unknown'}`;
}

function latest(deployments: Deployment[]): Deployment | null {
  return deployments.reduce<Deployment | null>(
    (last, each) => (last && last.id > each.id ? last : each),
    null,
  );
}
