/** The first version: what the clone stands on enters push.git without a push. */
import { diskCode, KnownError } from '../core/errors';
import type { Commit } from '../core/release';
import type { Home } from '../home/home';
import { resolveRef } from './clone';
import { gitOn, reasonOf } from './git';
import { checkBranchName } from './names';

/**
 * Brings the clone's HEAD into push.git as the branch, if push.git has none yet: what was pushed since is
 * never undone. No hook fires. Returns the commit, or null when the branch was there.
 * Throws E_NOT_A_REPOSITORY, E_NO_COMMIT, E_REF, E_SOURCE.
 */
export async function seedSource(home: Home, root: string, branch: string): Promise<Commit | null> {
  await checkBranchName(branch);
  if (await hasBranch(home.pushGit, branch)) return null;
  const commit = await resolveRef(root, 'HEAD');
  await fetchCommit(home.pushGit, root, commit, `refs/heads/${branch}`);
  return commit;
}

/** The older protocol gives out only the tips of branches, and refuses a shallow clone's. */
const ANY_COMMIT = ['-c', 'protocol.version=2'];

/** Fetches one commit of a clone, a shallow one too, into a ref of a repository of ours. Throws E_SOURCE, E_DISK. */
export async function fetchCommit(into: string, clone: string, commit: Commit, ref: string): Promise<void> {
  const options = ['--progress', '--no-tags', '--no-write-fetch-head'];
  try {
    await gitOn(into).raw([...ANY_COMMIT, 'fetch', ...options, '--', clone, `+${commit}:${ref}`]);
  } catch (error) {
    throw unreadable(`The commit cannot be read from ${clone}`, error);
  }
}

async function hasBranch(repository: string, branch: string): Promise<boolean> {
  const found = await gitOn(repository).raw(['for-each-ref', '--format=%(refname)', `refs/heads/${branch}`]);
  return found.trim().split('\n').includes(`refs/heads/${branch}`);
}

/** A fetch that failed: by the disk it was to fill, or by its source. */
export function unreadable(what: string, error: unknown): KnownError {
  const cause = reasonOf(error);
  return new KnownError(diskCode(cause) ?? 'E_SOURCE', `${what}: ${cause}`);
}
