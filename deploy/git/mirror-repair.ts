/**
 * Rebuilds a damaged mirror.git, which is only a cache, so that its damage is not blamed on the source. The new mirror
 * replaces the damaged one only when it is complete.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { CLOSED } from '../home/modes';
import { putInTrash } from '../home/trash';
import { damageOf } from './damage';
import { gitOn, reasonOf } from './git';

/** Git's messages when it can read a repository but not write to it. */
const CANNOT_WRITE =
  /insufficient permission|unable to (create|write)|permission denied|cannot lock ref|unable to update|not a git repository|bad config/i;

/** Receives a one-sentence message after a damaged mirror has been rebuilt. */
export type Report = (message: string) => unknown;

/** Creates an empty mirror. */
export async function createMirror(mirror: string): Promise<void> {
  mkdirSync(mirror, { recursive: true, mode: CLOSED });
  // done first, so that a mirror never exists without it
  forbidFilters(mirror);
  await gitOn(mirror).raw(['init', '--bare']);
}

/**
 * Runs the work on the mirror, and again on a new mirror if it fails because the mirror is damaged. Throws the first
 * error if the mirror is intact, otherwise the error of the second run.
 * @param isOthersFault checked first: true if the source, not the mirror, is at fault
 */
export async function withRepair(
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
    await rebuildMirror(home, work, damage, report);
  }
}

/**
 * Replaces the mirror with a new one.
 * @param fill fetches the content of the new mirror
 * @param damage the old one's damage, for the message
 */
export async function rebuildMirror(
  home: Home,
  fill: (home: Home) => Promise<void>,
  damage: string,
  report: Report,
): Promise<void> {
  const fresh = { ...home, mirrorGit: `${home.mirrorGit}.new` };
  rmSync(fresh.mirrorGit, { recursive: true, force: true });
  await createMirror(fresh.mirrorGit);
  await fill(fresh);
  putInTrash(home, home.mirrorGit);
  renameSync(fresh.mirrorGit, home.mirrorGit);
  await report(`mirror.git was damaged (${damage}) and was recreated`);
}

/**
 * Disables filters in all work trees. This file overrides every .gitattributes, so that a commit cannot choose which of
 * the user's filters, such as Git LFS, run at its checkout.
 */
function forbidFilters(mirror: string): void {
  const info = path.join(mirror, 'info');
  mkdirSync(info, { recursive: true });
  writeFileSync(path.join(info, 'attributes'), '* -filter\n');
}
