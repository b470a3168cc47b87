/**
 * Writing all files of a commit takes longer than writing those that differ from another commit's, and of most pushes
 * that is a handful. So the process that waits for the next deployment checks out what is live into the folder `ready`,
 * beside git's index of it; a check-out then only takes that folder, and has git write the difference.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Commit } from '../core/release';
import { gitPolitely } from '../git/git';
import { checkCommitId } from '../git/names';
import type { Home } from '../home/home';
import { takeLock } from '../journal/deployment-lock';
import { indexOf, placesOf, writing } from './checkout';

const LOCK = 'making.lock';
type Place = Pick<Home, 'mirrorGit' | 'ready'>;

/** Git keeps times by the second: two of them later, no file can have been written after its entry. */
const CERTAINLY_LATER_S = 2;

/**
 * Makes the commit's files ready for whoever checks out the next one. Whoever is killed meanwhile leaves nothing that is
 * used. Rejects when git cannot write them, and leaves nothing then.
 */
export async function readyFiles(home: Place, commit: Commit): Promise<void> {
  if (readyCommit(home) !== null) return;
  checkCommitId(commit);
  mkdirSync(home.ready, { recursive: true });
  const lock = await takeLock({ lock: path.join(home.ready, LOCK) });
  try {
    await removeReadyFiles(home);
    await makeIn(mkdtempSync(path.join(home.ready, 'making-')), home, commit);
  } finally {
    lock.release();
  }
}

async function makeIn(folder: string, home: Place, commit: Commit): Promise<void> {
  const making = path.join(folder, 'files');
  try {
    mkdirSync(making);
    await gitPolitely(home.mirrorGit, writing(commit), placesOf(making));
    trustFromNowOn(indexOf(making));
    renameSync(indexOf(making), indexOf(path.join(home.ready, commit)));
    renameSync(making, path.join(home.ready, commit));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Gives the folder, which must be there and empty, the ready files and their index. Returns whose they are; null where there are none. */
export function takeFiles(home: Pick<Home, 'ready'>, folder: string): Commit | null {
  const commit = readyCommit(home);
  if (commit === null) return null;
  const ready = path.join(home.ready, commit);
  try {
    // written under another umask, other people may read them than what is written now
    if (statSync(ready).mode !== statSync(folder).mode) {
      rmSync(indexOf(ready));
      return null;
    }
    renameSync(indexOf(ready), indexOf(folder));
    renameSync(ready, folder);
    return commit;
  } catch {
    // releases on another disk, or somebody has just taken them
    rmSync(indexOf(folder), { force: true });
    return null;
  }
}

/** Takes them off the disk, and what killed processes left of them. A git that outlives whoever called it may still fill its own folder. */
export async function removeReadyFiles({ ready }: Pick<Home, 'ready'>): Promise<void> {
  for (const name of namesIn(ready).filter((each) => each !== LOCK))
    await rm(path.join(ready, name), { recursive: true, force: true }).catch(() => undefined);
}

/** A folder without its index is what somebody left who was killed while taking or removing them. */
function readyCommit({ ready }: Pick<Home, 'ready'>): Commit | null {
  const isReady = (name: string): boolean =>
    /^[0-9a-f]{40}$/.test(name) && existsSync(indexOf(path.join(ready, name)));
  return namesIn(ready).find(isReady) ?? null;
}

/** Else git would read every file that is as old as its index, to see whether it was changed in that very second. */
function trustFromNowOn(index: string): void {
  const later = Date.now() / 1000 + CERTAINLY_LATER_S;
  utimesSync(index, later, later);
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
