/** Which release a rollback without an argument goes to. */
import type { Commit, Deployment } from './types';

/**
 * The last good release before the active one: releases stand in the order of their last successful
 * deploy (rollbacks do not change that order), so rolling back twice goes back twice.
 * @param history every deployment, in any order
 */
export function rollbackTarget(history: Deployment[], active: Commit): Commit | null {
  const lastDeploy = new Map<Commit, number>();
  for (const d of [...history].sort((a, b) => a.id - b.id)) {
    if (d.kind === 'deploy' && d.commit !== null && wasGood(d)) lastDeploy.set(d.commit, d.id);
  }
  const ofActive = lastDeploy.get(active) ?? Infinity;
  const before = [...lastDeploy].filter(
    ([commit, id]) => commit !== active && id < ofActive && badCause(history, commit) === null,
  );
  before.sort((a, b) => b[1] - a[1]);
  return before[0]?.[0] ?? null;
}

/**
 * Why a commit is marked bad, or null. The newest deployment of it that went through, or failed by the
 * commit's own fault, decides; that it was refused as bad since then is no new evidence.
 */
export function badCause(history: Deployment[], commit: Commit): string | null {
  const decisive = history
    .filter((d) => d.commit === commit && d.kind === 'deploy' && d.finishedAt !== null)
    .sort((a, b) => b.id - a.id)
    .find((d) => d.state === 'succeeded' || (d.fault === 'commit' && d.errorCode !== 'E_BAD_COMMIT'));
  return decisive?.fault === 'commit' ? (decisive.cause ?? 'it failed') : null;
}

/** A release whose bake an operator ended with a rollback had no fault of its own. */
function wasGood(d: Deployment): boolean {
  return d.state === 'succeeded' || (d.state === 'rolled-back' && d.fault === 'operator');
}
