/** Writes a commit's files into a folder: no .git, no hooks, and no filters (see mirror.ts). */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Commit } from '../core/types';
import { gitSilently } from '../git/git';
import { checkCommitId } from '../git/names';

/**
 * Checks the commit out into a new folder, executable bits and symbolic links kept. Returns a sentence for
 * everything in the commit that is not supported. Throws E_REF; git's failure otherwise.
 */
export async function checkOut(mirror: string, commit: Commit, folder: string): Promise<string[]> {
  checkCommitId(commit);
  mkdirSync(folder, { recursive: true });
  const index = `${folder}.index`;
  try {
    // the user's own setting for line ends is for the user's own files
    const args = ['-c', 'core.autocrlf=false', 'read-tree', '--reset', '-u', commit];
    await gitSilently(mirror, args, { indexFile: index, workTree: folder });
  } finally {
    rmSync(index, { force: true });
  }
  return unsupported(folder);
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
