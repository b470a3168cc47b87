/** Writes a commit's files into a folder: no .git, no hooks, and no filters (see mirror.ts). */
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Commit } from '../core/release';
import type { WorkPlaces } from '../git/git';
import { gitSilently } from '../git/git';
import { checkCommitId } from '../git/names';

/**
 * Checks the commit out into a folder, executable bits and symbolic links kept. Returns a sentence for everything in the
 * commit that is not supported. Throws E_REF; git's failure otherwise.
 * @param folder an empty one, or, with its index, that of an earlier check-out
 * @param earlier whose files it has
 */
export async function checkOut(
  mirror: string,
  commit: Commit,
  folder: string,
  earlier: Commit | null = null,
): Promise<string[]> {
  checkCommitId(commit);
  const write = (): Promise<void> => gitSilently(mirror, writing(commit), placesOf(folder));
  // looked at while git writes: they seldom differ
  const differing = earlier === null ? null : haveOtherAttributes(mirror, earlier, commit);
  try {
    const written = await write().then(
      () => true,
      (error: unknown) => {
        if (earlier === null) throw error;
        return false; // the index may be broken, as after a power cut
      },
    );
    if (!written || (await differing)) {
      emptyFolder(folder);
      await write();
    }
  } finally {
    rmSync(indexOf(folder), { force: true });
  }
  return unsupported(folder);
}

/** Git's index of the files in a folder, beside it. */
export function indexOf(folder: string): string {
  return `${folder}.index`;
}

/** Where git finds and puts what it checks out. */
export function placesOf(folder: string): WorkPlaces {
  return { indexFile: indexOf(folder), workTree: folder };
}

/**
 * The user's own settings are for the user's own files. And they may change between two check-outs, of which a release
 * can have files.
 */
const OURS = ['core.autocrlf=false', 'core.eol=lf', 'core.attributesFile=/dev/null', 'core.symlinks=true'];

/** What has git write a commit's files, or those of them that differ from the index. */
export function writing(commit: Commit): string[] {
  return [...OURS.flatMap((setting) => ['-c', setting]), 'read-tree', '--reset', '-u', commit];
}

/** They say with which line ends a file is written, also one that did not change itself. */
async function haveOtherAttributes(mirror: string, earlier: Commit, commit: Commit): Promise<boolean> {
  const args = ['diff-tree', '--quiet', '-r', earlier, commit, '--', ':(glob)**/.gitattributes'];
  // it ends with a failure where they differ, and where the earlier commit is no more
  return gitSilently(mirror, args).then(
    () => false,
    () => true,
  );
}

/** Takes out whatever a check-out has left, and git's index of it. */
export function emptyFolder(folder: string): void {
  for (const file of [indexOf(folder), `${indexOf(folder)}.lock`]) rmSync(file, { force: true });
  for (const name of readdirSync(folder)) rmSync(path.join(folder, name), { recursive: true, force: true });
}

function unsupported(folder: string): string[] {
  const warnings: string[] = [];
  if (existsSync(path.join(folder, '.gitmodules'))) {
    warnings.push('this commit has submodules, which are not checked out: their folders are empty');
  }
  const attributes = path.join(folder, '.gitattributes');
  if (existsSync(attributes) && readFileSync(attributes, 'utf8').includes('filter=lfs')) {
    warnings.push('this commit uses Git LFS, which is not supported: its files are pointers');
  }
  return warnings;
}
