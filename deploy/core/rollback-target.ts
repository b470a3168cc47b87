/** Which release a rollback without an argument goes to. */
import type { Deployment } from './deployment';
import type { Commit } from './release';

/**
 * The last good release before the active one: releases stand in the order of their last successful
 * deploy (rollbacks do not change that order), so rolling back twice goes back twice.
 * @param history every deployment, in any order
 */
export function rollbackTarget(history: Deployment[], active: Commit): Commit | null {
  return earlierGoodReleases(history, active)[0] ?? null;
}

/** All good releases before the active one, the last one first. @param history every deployment, in any order */
export function earlierGoodReleases(history: Deployment[], active: Commit): Commit[] {
  const good = goodReleases(history);
  const ofActive =
    good.find(({ commit }) => commit === active)?.deployedBy ?? lastGoodDeploy(history, active);
  return good
    .filter(({ commit, deployedBy }) => commit !== active && deployedBy < ofActive)
    .map(({ commit }) => commit);
}

/** Every commit that went through and is not marked bad, with its last good deployment's id, the newest first. */
export function goodReleases(history: Deployment[]): { commit: Commit; deployedBy: number }[] {
  const lastDeploy = new Map<Commit, number>();
  for (const d of goodDeploys(history)) {
    lastDeploy.set(d.commit as Commit, Math.max(d.id, lastDeploy.get(d.commit as Commit) ?? 0));
  }
  return [...lastDeploy]
    .filter(([commit]) => badCause(history, commit) === null)
    .map(([commit, deployedBy]) => ({ commit, deployedBy }))
    .sort((a, b) => b.deployedBy - a.deployedBy);
}

/** Of a commit that was good once, bad or not by now; a commit that the history does not know is the newest. */
function lastGoodDeploy(history: Deployment[], commit: Commit): number {
  const ids = goodDeploys(history).flatMap((d) => (d.commit === commit ? [d.id] : []));
  return ids.length === 0 ? Infinity : Math.max(...ids);
}

function goodDeploys(history: Deployment[]): Deployment[] {
  return history.filter((d) => d.kind === 'deploy' && d.commit !== null && wasGood(d));
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

/** The newest deployment whose migration may have moved the schema since the commit was deployed last, or null. */
export function schemaNewerThan(history: Deployment[], commit: Commit): Deployment | null {
  const own = history.filter((each) => each.commit === commit && each.kind === 'deploy');
  const since = Math.max(0, ...own.map(({ id }) => id));
  const moved = history.filter(
    ({ id, migration }) => id > since && migration !== null && migration.moved !== false,
  );
  return moved.reduce<Deployment | null>((last, each) => (last && last.id > each.id ? last : each), null);
}
