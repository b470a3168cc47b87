/** Chooses the release that a rollback without an argument makes live. */
import type { Deployment } from './deployment';
import { KnownError } from './errors';
import type { Commit } from './release';

/**
 * The last good release before the active one. Releases are ordered by their last successful deploy. A rollback does
 * not change that order, so a second rollback goes back one release further.
 * @param history every deployment, in any order
 */
export function rollbackTarget(history: Deployment[], active: Commit): Commit | null {
  return earlierGoodReleases(history, active)[0] ?? null;
}

/** Like rollbackTarget, but throws E_NOTHING_TO_ROLL_BACK_TO. @param active undefined if no release is live */
export function requiredRollbackTarget(history: Deployment[], active: Commit | undefined): Commit {
  const target = active === undefined ? null : rollbackTarget(history, active);
  if (target !== null) return target;
  throw new KnownError('E_NOTHING_TO_ROLL_BACK_TO', 'There is no good release before the active one.');
}

/** All good releases before the active one, newest first. @param history every deployment, in any order */
export function earlierGoodReleases(history: Deployment[], active: Commit): Commit[] {
  const good = goodReleases(history);
  const ofActive =
    good.find(({ commit }) => commit === active)?.deployedBy ?? lastGoodDeploy(history, active);
  return good
    .filter(({ commit, deployedBy }) => commit !== active && deployedBy < ofActive)
    .map(({ commit }) => commit);
}

/** Every successfully deployed commit that is not marked bad, with the id of its last good deployment, newest first. */
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

/** The commit's last good deployment, even if it is marked bad now. An unknown commit counts as the newest. */
function lastGoodDeploy(history: Deployment[], commit: Commit): number {
  const ids = goodDeploys(history).flatMap((d) => (d.commit === commit ? [d.id] : []));
  return ids.length === 0 ? Infinity : Math.max(...ids);
}

function goodDeploys(history: Deployment[]): Deployment[] {
  return history.filter((d) => d.kind === 'deploy' && d.commit !== null && wasGood(d));
}

/** Why a commit is marked bad, or null. */
export function badCause(history: Deployment[], commit: Commit): string | null {
  const verdict = badVerdict(history, commit);
  return verdict === null ? null : (verdict.cause ?? 'it failed');
}

/**
 * The deployment that marks a commit as bad, or null. The newest deployment that succeeded, or failed by the commit's
 * own fault, decides. A later refusal with E_BAD_COMMIT does not count.
 */
export function badVerdict(history: Deployment[], commit: Commit): Deployment | null {
  const decisive = history
    .filter((d) => d.commit === commit && d.kind === 'deploy' && d.finishedAt !== null)
    .sort((a, b) => b.id - a.id)
    .find((d) => d.state === 'succeeded' || (d.fault === 'commit' && d.errorCode !== 'E_BAD_COMMIT'));
  return decisive?.fault === 'commit' ? decisive : null;
}

/** A release is good even if an operator rolled it back during its bake. */
function wasGood(d: Deployment): boolean {
  return d.state === 'succeeded' || (d.state === 'rolled-back' && d.fault === 'operator');
}

/** The newest deployment since the commit was last deployed whose migration may have changed the schema, or null. */
export function schemaNewerThan(history: Deployment[], commit: Commit): Deployment | null {
  const own = history.filter((each) => each.commit === commit && each.kind === 'deploy');
  const since = Math.max(0, ...own.map(({ id }) => id));
  const changes = history.filter(
    ({ id, migration }) => id > since && migration !== null && migration.schemaChanged !== false,
  );
  return changes.reduce<Deployment | null>((last, each) => (last && last.id > each.id ? last : each), null);
}
