/**
 * Keeps the live commit's files checked out in the folder `ready`, beside git's index of them. The process that waits
 * for the next deployment writes them. A check-out then takes over the folder, and git writes only the files that
 * differ, which for most pushes are few.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Commit } from '../core/release';
import { gitLowPriority } from '../git/git';
import { checkCommitId } from '../git/names';
import type { Home } from '../home/home';
import { CLOSED } from '../home/modes';
import { takeLock } from '../journal/deployment-lock';
import { indexOf, workTreePaths, checkOutArgs } from './checkout';
import { namesIn } from '../os/names-in';

const LOCK = 'making.lock';
type Place = Pick<Home, 'mirrorGit' | 'ready'>;

/** Git compares times in whole seconds: two seconds later, no file can be newer than its index entry. */
const CERTAINLY_LATER_S = 2;

/**
 * Checks out the commit's files for the next deployment. If killed, leaves nothing that would be used. If git cannot
 * write the files, removes those already written and rejects.
 */
export async function prepareNextCheckout(home: Place, commit: Commit): Promise<void> {
  if (readyCommit(home) !== null) return;
  checkCommitId(commit);
  mkdirSync(home.ready, { recursive: true, mode: CLOSED });
  // older kits created it with the umask's mode
  chmodSync(home.ready, CLOSED);
  const lock = await takeLock({ lock: path.join(home.ready, LOCK) });
  try {
    await removePreparedCheckout(home);
    await makeIn(mkdtempSync(path.join(home.ready, 'making-')), home, commit);
  } finally {
    lock.release();
  }
}

async function makeIn(folder: string, home: Place, commit: Commit): Promise<void> {
  const making = path.join(folder, 'files');
  try {
    mkdirSync(making);
    await gitLowPriority(home.mirrorGit, checkOutArgs(commit), workTreePaths(making));
    trustFromNowOn(indexOf(making));
    renameSync(indexOf(making), indexOf(path.join(home.ready, commit)));
    renameSync(making, path.join(home.ready, commit));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Moves the ready files and their index into the folder, which must exist and be empty. Returns their commit, or null
 * if there are none.
 */
export function takePreparedCheckout(home: Pick<Home, 'ready'>, folder: string): Commit | null {
  const commit = readyCommit(home);
  if (commit === null) return null;
  const ready = path.join(home.ready, commit);
  try {
    // created under another umask, so their permissions would differ from those of new files
    if (statSync(ready).mode !== statSync(folder).mode) {
      rmSync(indexOf(ready));
      return null;
    }
    renameSync(indexOf(ready), indexOf(folder));
    renameSync(ready, folder);
    return commit;
  } catch {
    // releases are on another disk, or another process has just taken them
    rmSync(indexOf(folder), { force: true });
    return null;
  }
}

/**
 * Removes the ready files, and leftovers of killed processes. Ignores failures: a git process that outlives its caller
 * may still write into its own folder.
 */
export async function removePreparedCheckout({ ready }: Pick<Home, 'ready'>): Promise<void> {
  for (const name of namesIn(ready).filter((each) => each !== LOCK))
    await rm(path.join(ready, name), { recursive: true, force: true }).catch(() => undefined);
}

/** A folder without its index was left by a process that was killed while it took or removed the files. */
function readyCommit({ ready }: Pick<Home, 'ready'>): Commit | null {
  const isReady = (name: string): boolean =>
    /^[0-9a-f]{40}$/.test(name) && existsSync(indexOf(path.join(ready, name)));
  return namesIn(ready).find(isReady) ?? null;
}

/** Otherwise git rereads every file that is as old as its index, in case the file was changed within that second. */
function trustFromNowOn(index: string): void {
  const later = Date.now() / 1000 + CERTAINLY_LATER_S;
  utimesSync(index, later, later);
}
