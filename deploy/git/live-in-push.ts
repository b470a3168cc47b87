/**
 * Keeps push.git in step with the live release. A deployment by command would otherwise leave its branch behind, and a
 * later push based on that branch would silently remove live commits.
 */
import path from 'node:path';
import type { Commit } from '../core/release';
import type { Home } from '../home/home';
import { gitOn } from './git';
import { fetchCommit } from './seed';

/** The live commit in push.git, for `git pull live`, even if no branch contains it. */
export const LIVE_REF = 'refs/switchyard/live';

/** Moves the branch forward to the live commit, unless that would remove commits from it. @returns true if it moved */
export async function showLiveInPush(home: Home, branch: string, commit: Commit): Promise<boolean> {
  await fetchCommit(home.pushGit, home.mirrorGit, commit, LIVE_REF);
  const ref = `refs/heads/${branch}`;
  const git = gitOn(home.pushGit);
  const tip = (await git.raw(['for-each-ref', '--format=%(objectname)', ref])).trim();
  if (tip === commit) return false;
  if (tip !== '' && (await countLacking(home, tip, commit)) !== 0) return false;
  // passes the value it had, so that a concurrent push wins
  await git.raw(['update-ref', ref, commit, tip === '' ? '0'.repeat(commit.length) : tip]);
  return true;
}

/**
 * The number of commits that `wanted` contains and `tip` lacks; null if that cannot be determined, as in a shallow
 * repository.
 * @param quarantine the folder in which git keeps the objects of a push until its hook accepts them
 */
export async function countLacking(
  home: Pick<Home, 'pushGit' | 'mirrorGit'>,
  wanted: Commit,
  tip: Commit,
  quarantine?: string,
): Promise<number | null> {
  const objects = [path.join(home.mirrorGit, 'objects'), ...(quarantine === undefined ? [] : [quarantine])];
  try {
    const counted = await gitOn(home.pushGit, { objects }).raw(['rev-list', '--count', wanted, `^${tip}`]);
    return Number(counted);
  } catch {
    return null;
  }
}
