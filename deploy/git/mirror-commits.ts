/** Reads commits from the mirror: tips, descriptions and files. */
import { KnownError } from '../core/errors';
import { printable } from '../core/format';
import { parseJson } from '../core/json';
import type { Commit } from '../core/release';
import type { Home } from '../home/home';
import { gitIn, gitOn, gitSilently } from './git';
import { checkBranchName, checkCommitId } from './names';

/** The commit of a ref with exactly this name; patterns and revisions do not match. Null if there is no such ref. */
async function commitOf(home: Home, ref: string): Promise<Commit | null> {
  try {
    return (await gitOn(home.mirrorGit).raw(['show-ref', '--verify', '--hash', '--', ref])).trim();
  } catch {
    return null;
  }
}

/** The branch's newest commit as last fetched. Throws E_REF, E_SOURCE. */
export async function tipOf(home: Home, branch: string): Promise<Commit> {
  const tip = await commitOf(home, `refs/heads/${branch}`);
  if (tip !== null) return tip;
  await checkBranchName(branch);
  const hint = `Push it: git push live ${branch}; or name another in the configuration: "branch".`;
  throw new KnownError('E_SOURCE', `The source has no branch "${branch}".`, hint);
}

/** Whether a repository has the commit and every object it needs. */
export async function isComplete(repository: string, commit: Commit): Promise<boolean> {
  return gitIn(repository)
    .raw(['rev-list', '--objects', '--quiet', '--end-of-options', commit])
    .then(
      () => true,
      () => false,
    );
}

export async function hasCommit({ mirrorGit }: Home, commit: Commit): Promise<boolean> {
  return gitSilently(mirrorGit, ['cat-file', '-e', `${commit}^{commit}`]).then(
    () => true,
    () => false,
  );
}

interface CommitDescription {
  /** The first line of the commit message, without control characters. */
  subject: string;
  /** `version` in its package.json; 0.0.0 if it has none. */
  version: string;
}

/** The subject and version of a commit in the mirror. Throws E_REF. */
export async function describe(home: Home, commit: Commit): Promise<CommitDescription> {
  checkCommitId(commit);
  try {
    const subject = await gitOn(home.mirrorGit).raw([
      'log',
      '-1',
      '--no-show-signature',
      '--format=%s',
      commit,
    ]);
    return { subject: printable(subject), version: await versionOf(home, commit) };
  } catch (error) {
    if (error instanceof KnownError) throw error;
    throw new KnownError('E_REF', `There is no commit ${commit} in the source.`);
  }
}

/** A file of a commit in the mirror; null if the commit does not have it. */
export async function fileIn(home: Home, commit: Commit, file: string): Promise<string | null> {
  checkCommitId(commit);
  return gitOn(home.mirrorGit)
    .show([`${commit}:${file}`])
    .catch(() => null);
}

async function versionOf(home: Home, commit: Commit): Promise<string> {
  try {
    const manifest = parseJson(await gitOn(home.mirrorGit).show([`${commit}:package.json`])) as {
      version?: unknown;
    };
    return typeof manifest.version === 'string' ? printable(manifest.version).slice(0, 64) : '0.0.0';
  } catch {
    return '0.0.0';
  }
}
