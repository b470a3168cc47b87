/** Writes a commit's files into a folder: no .git, no hooks, and no filters (see mirror.ts). */
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Commit } from '../core/release';
import type { WorkTreePaths } from '../git/git';
import { gitOn, gitSilently } from '../git/git';
import { checkCommitId } from '../git/names';

/**
 * Checks the commit out into the folder, with executable bits and symbolic links. Returns a sentence for each
 * unsupported feature in the commit. Throws E_REF, or git's failure.
 * @param folder an empty folder or, with its index, that of an earlier check-out
 * @param earlier the commit whose files the folder has
 */
export async function checkOut(
  mirror: string,
  commit: Commit,
  folder: string,
  earlier: Commit | null = null,
): Promise<string[]> {
  checkCommitId(commit);
  const notes = Promise.all([submodulesIn(mirror, commit), usesLfs(mirror, commit)]);
  notes.catch(() => undefined);
  const write = (): Promise<void> => gitSilently(mirror, checkOutArgs(commit), workTreePaths(folder));
  // compared in parallel, because the attributes rarely differ
  const differing = earlier === null ? null : haveOtherAttributes(mirror, earlier, commit);
  try {
    const written = await write().then(
      () => true,
      (error: unknown) => {
        if (earlier === null) throw error;
        return false; // the index may be broken, for example after a power cut
      },
    );
    if (!written || (await differing)) {
      emptyFolder(folder);
      await write();
    }
  } finally {
    rmSync(indexOf(folder), { force: true });
  }
  return unsupported(...(await notes));
}

/** The maximum number of submodules that a warning names. */
const MOST_NAMED = 3;

/** The path of git's index of a folder, beside that folder. */
export function indexOf(folder: string): string {
  return `${folder}.index`;
}

/** The index file and work tree that git uses for a check-out. */
export function workTreePaths(folder: string): WorkTreePaths {
  return { indexFile: indexOf(folder), workTree: folder };
}

/**
 * The user's own git settings are for the user's own files. They may also change between the two check-outs that one
 * release takes its files from.
 */
const OURS = ['core.autocrlf=false', 'core.eol=lf', 'core.attributesFile=/dev/null', 'core.symlinks=true'];

/** The git arguments that write a commit's files, or only those that differ from the index. */
export function checkOutArgs(commit: Commit): string[] {
  return [...OURS.flatMap((setting) => ['-c', setting]), 'read-tree', '--reset', '-u', commit];
}

/** Attributes determine the line endings of a file, even if the file itself did not change. */
async function haveOtherAttributes(mirror: string, earlier: Commit, commit: Commit): Promise<boolean> {
  const args = ['diff-tree', '--quiet', '-r', earlier, commit, '--', ':(glob)**/.gitattributes'];
  // git exits with an error if they differ, or if the earlier commit no longer exists
  return gitSilently(mirror, args).then(
    () => false,
    () => true,
  );
}

/** Removes everything that a check-out has left, including git's index. */
export function emptyFolder(folder: string): void {
  for (const file of [indexOf(folder), `${indexOf(folder)}.lock`]) rmSync(file, { force: true });
  for (const name of readdirSync(folder)) rmSync(path.join(folder, name), { recursive: true, force: true });
}

/** True if any .gitattributes of the commit names the filter of Git LFS. */
function usesLfs(mirror: string, commit: Commit): Promise<boolean> {
  const args = ['grep', '--quiet', '--fixed-strings', 'filter=lfs', commit, '--', ':(glob)**/.gitattributes'];
  // git exits with an error if it finds nothing
  return gitSilently(mirror, args).then(
    () => true,
    () => false,
  );
}

function unsupported(modules: string[], hasPointers: boolean): string[] {
  const warnings: string[] = [];
  if (modules.length > 0) {
    const named = `${modules.slice(0, MOST_NAMED).join(', ')}${modules.length > MOST_NAMED ? ', …' : ''}`;
    const hint = 'commit their files instead, or fetch them in app.build';
    warnings.push(
      `this commit has submodules (${named}), which are not checked out: their folders are empty; ${hint}`,
    );
  }
  if (hasPointers) {
    const hint = 'commit the files themselves: git lfs migrate export --include="*"';
    warnings.push(`this commit uses Git LFS, which is not supported: its files are pointers; ${hint}`);
  }
  return warnings;
}

/** The paths of the submodules, also of a repository that was added inside another and is in no .gitmodules. */
async function submodulesIn(mirror: string, commit: Commit): Promise<string[]> {
  const listed = await gitOn(mirror).raw(['ls-tree', '-r', '-z', commit]);
  return listed.split('\0').flatMap((line) => /^160000 commit [0-9a-f]+\t(.+)$/s.exec(line)?.[1] ?? []);
}
