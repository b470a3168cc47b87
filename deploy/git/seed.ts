/** Seeds push.git with the clone's HEAD, so that the first deployment needs no push. */
import { diskCode, KnownError } from '../core/errors';
import type { Commit } from '../core/release';
import type { Home } from '../home/home';
import { resolveRef } from './clone';
import { gitOn, reasonOf } from './git';
import { checkBranchName } from './names';

/**
 * Copies the clone's HEAD into push.git as the branch, unless push.git already has the branch, so that pushes are never
 * undone. Runs no hook. Returns the commit, or null if the branch existed. Throws E_NOT_A_REPOSITORY, E_NO_COMMIT,
 * E_REF, E_SOURCE, E_DISK.
 */
export async function seedSource(home: Home, root: string, branch: string): Promise<Commit | null> {
  await checkBranchName(branch);
  if (await hasBranch(home.pushGit, branch)) return null;
  const commit = await resolveRef(root, 'HEAD');
  await fetchCommit(home.pushGit, root, commit, `refs/heads/${branch}`);
  return commit;
}

/** Older protocols offer only branch tips, and refuse those of a shallow clone. */
const ANY_COMMIT = ['-c', 'protocol.version=2'];

/**
 * Fetches one commit of a clone, even a shallow one, into a ref of one of Switchyard's repositories. Throws E_SOURCE,
 * E_DISK.
 */
export async function fetchCommit(into: string, clone: string, commit: Commit, ref: string): Promise<void> {
  const options = ['--progress', '--no-tags', '--no-write-fetch-head'];
  try {
    await gitOn(into).raw([...ANY_COMMIT, 'fetch', ...options, '--', clone, `+${commit}:${ref}`]);
  } catch (error) {
    throw fetchError(`The commit cannot be read from ${clone}`, error);
  }
}

async function hasBranch(repository: string, branch: string): Promise<boolean> {
  const found = await gitOn(repository).raw(['for-each-ref', '--format=%(refname)', `refs/heads/${branch}`]);
  return found.trim().split('\n').includes(`refs/heads/${branch}`);
}

/** The error for a failed fetch: a full disk, or the source. */
export function fetchError(what: string, error: unknown): KnownError {
  const cause = reasonOf(error);
  if (cause.includes('pack-objects died')) {
    const hint = 'Complete it: git config --unset remote.origin.partialclonefilter && git fetch --refetch';
    return new KnownError('E_SOURCE', `${what}: it lacks objects, as a partial clone does.`, hint);
  }
  if (cause.includes('mismatched algorithms'))
    return new KnownError('E_SHA256', `${what}: it is a SHA-256 repository.`);
  return new KnownError(diskCode(cause) ?? 'E_SOURCE', `${what}: ${cause}`);
}
