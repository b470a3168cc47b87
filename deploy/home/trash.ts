/**
 * What is to go is first put aside by a rename, which takes no time; removing tens of thousands of files, which
 * does, then keeps nobody waiting.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Home } from './home';
import { runPolitely } from '../os/low-priority';

/** Takes a file or folder of the home out of its place. One that is gone already is none the less. */
export function putInTrash(home: Pick<Home, 'dir'>, file: string): void {
  if (!existsSync(file)) return;
  mkdirSync(trashOf(home), { recursive: true });
  renameSync(file, path.join(trashOf(home), randomBytes(8).toString('hex')));
}

/** Removes what was put aside, piece by piece. @param goesOn asked before each; what is left is for the next time */
export async function emptyTrash(home: Pick<Home, 'dir'>, goesOn: () => boolean): Promise<void> {
  const trash = trashOf(home);
  if (!existsSync(trash)) return;
  for (const name of readdirSync(trash)) {
    if (!goesOn()) return;
    // one with files of another user must not keep the others
    await removePolitely(path.join(trash, name)).catch((error: unknown) => console.error('trash:', error));
  }
  try {
    rmdirSync(trash);
  } catch {
    // somebody has put more into it, or has removed it
  }
}

/** By a process of its own at low priority: the deployer has requests to answer. */
async function removePolitely(file: string): Promise<void> {
  try {
    await runPolitely(['rm', '-rf', '--', file]);
  } catch {
    await rm(file, { recursive: true, force: true });
  }
}

function trashOf({ dir }: Pick<Home, 'dir'>): string {
  return path.join(dir, 'trash');
}
