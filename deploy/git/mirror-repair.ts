/**
 * mirror.git is a cache: when it is damaged it is made again, and the source is never blamed for it. The damaged one is
 * replaced only when the new one is complete.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { putInTrash } from '../home/trash';
import { damageOf } from './damage';
import { gitOn, reasonOf } from './git';

/** What git says when it cannot write into a repository that it can read. */
const CANNOT_WRITE =
  /insufficient permission|unable to (create|write)|permission denied|cannot lock ref|unable to update|not a git repository|bad config/i;

/** Hears in one sentence that a damaged mirror was made again. */
export type Report = (message: string) => unknown;

/** A mirror without content. */
export async function makeMirror(mirror: string): Promise<void> {
  mkdirSync(mirror, { recursive: true });
  // first, so that there is never a mirror without it
  forbidFilters(mirror);
  await gitOn(mirror).raw(['init', '--bare']);
}

/**
 * Does the work on the mirror, and once more on a new one when it fails because the mirror is damaged. Throws the first
 * error when the mirror is in order, and otherwise what the work throws on the new one.
 * @param isOthersFault asked first: true when the source, and not the mirror, is to blame
 */
export async function repairing(
  home: Home,
  work: (home: Home) => Promise<void>,
  isOthersFault: () => Promise<boolean>,
  report: Report = () => undefined,
): Promise<void> {
  try {
    return await work(home);
  } catch (error) {
    if (error instanceof KnownError && error.code === 'E_DISK') throw error;
    if (await isOthersFault()) throw error;
    const damage = CANNOT_WRITE.test(reasonOf(error)) ? reasonOf(error) : await damageOf(home.mirrorGit);
    if (damage === null) throw error;
    await makeAgain(home, work, damage, report);
  }
}

/** @param fill gives the new mirror its content. @param damage what is wrong with the one before */
export async function makeAgain(
  home: Home,
  fill: (home: Home) => Promise<void>,
  damage: string,
  report: Report,
): Promise<void> {
  const fresh = { ...home, mirrorGit: `${home.mirrorGit}.new` };
  rmSync(fresh.mirrorGit, { recursive: true, force: true });
  await makeMirror(fresh.mirrorGit);
  await fill(fresh);
  putInTrash(home, home.mirrorGit);
  renameSync(fresh.mirrorGit, home.mirrorGit);
  await report(`mirror.git was damaged (${damage}) and has been made again`);
}

/**
 * This file goes over every .gitattributes: a commit must not choose which of the user's filters, Git LFS
 * for one, runs while it is checked out.
 */
function forbidFilters(mirror: string): void {
  const info = path.join(mirror, 'info');
  mkdirSync(info, { recursive: true });
  writeFileSync(path.join(info, 'attributes'), '* -filter\n');
}
