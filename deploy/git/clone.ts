/** Read-only queries on a clone. */
import path from 'node:path';
import { KnownError } from '../core/errors';
import type { Commit } from '../core/release';
import type { Uncommitted } from '../core/uncommitted';
import { GitFailure, gitIn, reasonOf } from './git';

/**
 * The commit that a branch, tag or (short) commit id names. `folder` must be the repository's top folder or a bare
 * repository. Throws E_NOT_A_REPOSITORY, E_NO_COMMIT, E_REF.
 */
export async function resolveRef(folder: string, ref: string): Promise<Commit> {
  await checkOwnRepository(folder);
  try {
    return await commitNamed(folder, ref);
  } catch (error) {
    if (ref === 'HEAD' || !(await hasCommits(folder))) throw noCommit(folder);
    throw unknownRef(ref, error);
  }
}

/** The changed and untracked files, except ignored ones. Throws E_NOT_A_REPOSITORY. */
export async function uncommittedFiles(folder: string): Promise<Uncommitted> {
  await checkOwnRepository(folder);
  const status = await gitIn(folder).status(['--untracked-files=all', '--no-renames']);
  const untracked = status.not_added.length;
  return { changed: status.files.length - untracked, untracked };
}

export interface NamedCommit {
  commit: Commit;
  subject: string;
}

/**
 * The commits that `to` has and `from` lacks, newest first.
 * @param mirror a repository that has the commits the folder lacks
 */
export async function commitsBetween(
  folder: string,
  mirror: string,
  from: Commit,
  to: Commit,
): Promise<NamedCommit[]> {
  const log = await gitIn(folder, path.join(mirror, 'objects')).raw([
    'log',
    '--format=%H %s',
    '--end-of-options',
    `${from}..${to}`,
  ]);
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({
      commit: line.slice(0, line.indexOf(' ')),
      subject: line.slice(line.indexOf(' ') + 1),
    }));
}

/** The branch that a ref names, or for HEAD the checked-out branch; null for anything else. */
export async function branchNamed(folder: string, ref: string): Promise<string | null> {
  if (ref === 'HEAD') return currentBranch(folder);
  try {
    await gitIn(folder).raw(['show-ref', '--verify', '--quiet', `refs/heads/${ref}`]);
    return ref;
  } catch {
    return null;
  }
}

/** The checked-out branch; null for a detached HEAD. Throws E_NOT_A_REPOSITORY. */
export async function currentBranch(folder: string): Promise<string | null> {
  await checkOwnRepository(folder);
  try {
    return (await gitIn(folder).raw(['symbolic-ref', '--quiet', '--short', 'HEAD'])).trim();
  } catch {
    return null;
  }
}

/**
 * Throws E_NOT_A_REPOSITORY unless the repository starts at this folder. Git would also use a repository further up, so
 * a folder unpacked from a ZIP inside another project would deploy that project.
 */
async function checkOwnRepository(folder: string): Promise<void> {
  let above: string;
  let format: string | undefined;
  try {
    // the output's first line is empty at the top
    [above = '', format] = (
      await gitIn(folder).raw(['rev-parse', '--show-cdup', '--show-object-format'])
    ).split('\n');
  } catch (error) {
    const cause = reasonOf(error);
    if (cause.includes('dubious ownership')) throw foreign(folder);
    if (cause.includes('ENOENT'))
      throw new KnownError('E_NOT_A_REPOSITORY', 'git is not installed.', 'Install git.');
    throw new KnownError('E_NOT_A_REPOSITORY', `${folder} is not a git repository.`);
  }
  if (above !== '')
    throw new KnownError('E_NOT_A_REPOSITORY', `${folder} is not a git repository of its own.`);
  if (format === 'sha256') throw new KnownError('E_SHA256', `${folder} is a SHA-256 repository.`);
}

function foreign(folder: string): KnownError {
  return new KnownError(
    'E_NOT_A_REPOSITORY',
    `git does not read ${folder}, because it belongs to another user.`,
    `Allow it: git config --global --add safe.directory '${folder}'`,
  );
}

async function commitNamed(folder: string, ref: string): Promise<Commit> {
  const commit = await gitIn(folder).raw(['rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`]);
  return commit.trim();
}

async function hasCommits(folder: string): Promise<boolean> {
  const any = await gitIn(folder).raw(['rev-list', '--all', '--max-count=1']);
  return any.trim() !== '';
}

function noCommit(folder: string): KnownError {
  return new KnownError('E_NO_COMMIT', `${folder} has no commit yet.`);
}

function unknownRef(ref: string, error: unknown): KnownError {
  const ambiguous = error instanceof GitFailure && error.output.includes('is ambiguous');
  if (ambiguous)
    return new KnownError('E_REF', `"${ref}" matches more than one commit.`, 'Give more digits of it.');
  return new KnownError('E_REF', `There is no commit or branch "${ref}".`);
}
