/** Checks a commit out, also from a mirror that turns out to be damaged. */
import { KnownError } from '../core/errors';
import { failureLine } from '../core/failure-line';
import type { Commit } from '../core/release';
import { reasonOf } from '../git/git';
import { repairCommit } from '../git/mirror';
import { describe } from '../git/mirror-commits';
import type { Home } from '../home/home';
import type { PhaseReport } from '../journal/phase';
import { isDiskFull } from '../os/disk-full';
import { checkOut, emptyFolder } from './checkout';

export interface CommitSource extends PhaseReport {
  home: Home;
  /** The clone the kit runs from. */
  root: string;
  /** Must be in the mirror. */
  commit: Commit;
  /** The source of the mirror, to restore it from if it is damaged. */
  source: string;
}

/** Errors about a file name that git or the file system rejects. */
const REFUSED_NAME = /^invalid path '|: (File name too long|Is a directory|Not a directory|File exists)$/;

/**
 * Returns the check-out's warnings. Throws E_REF, E_CHECKOUT, or git's failure.
 * @param earlier the commit whose files the folder has
 */
export async function checkOutRepaired(
  from: CommitSource,
  dir: string,
  earlier: Commit | null,
): Promise<string[]> {
  const { home, root, commit, source, signal } = from;
  try {
    return await checkOut(home.mirrorGit, commit, dir, earlier);
  } catch (error) {
    signal?.throwIfAborted();
    const reason = reasonOf(error);
    const report = (message: string): unknown => from.report({ type: 'warning', message });
    if (!isDiskFull([reason]) && (await repairCommit(home, { source, root, commit, report }))) {
      emptyFolder(dir);
      return checkOut(home.mirrorGit, commit, dir);
    }
    // report a missing commit with Switchyard's message instead of git's
    await describe(home, commit);
    if (!REFUSED_NAME.test(reason)) throw error;
    throw new KnownError('E_CHECKOUT', `This commit cannot be checked out: ${failureLine([reason])}`);
  }
}
