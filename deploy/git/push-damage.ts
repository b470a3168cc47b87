/** Finds faults of push.git: damage that fsck reports, and anything that prevents a push. */
import type { Dirent } from 'node:fs';
import { accessSync, constants, lstatSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../home/home';
import { damageOf } from './damage';
import { deadLocks } from './locks';

/** A short description; null if push.git can receive a push and everything in it can be read. */
export async function pushDamage(
  { dir, pushGit }: Pick<Home, 'dir' | 'pushGit'>,
  limitMs: number,
): Promise<string | null> {
  const stat = lstatSync(pushGit, { throwIfNoEntry: false });
  if (!stat) return 'it is gone';
  if (!stat.isDirectory()) return 'it is not a folder';
  // git refuses a push into another user's repository
  if (stat.uid !== statSync(dir).uid) return `it belongs to user ${stat.uid}`;
  const [lock] = deadLocks(pushGit);
  if (lock !== undefined) return `a killed git process left ${path.relative(pushGit, lock)}`;
  return closedIn(pushGit) ?? (await damageOf(pushGit, limitMs));
}

/** A file or folder that this user may not access, such as one left by `sudo git push`. */
function closedIn(pushGit: string): string | null {
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (!may(path.join(pushGit, folder), constants.R_OK | constants.W_OK | constants.X_OK))
      return `${folder || 'it'} cannot be written`;
    for (const entry of entriesOf(path.join(pushGit, folder))) {
      const name = path.join(folder, entry.name);
      if (entry.isDirectory()) folders.push(name);
      else if (!may(path.join(pushGit, name), constants.R_OK)) return `${name} cannot be read`;
    }
  }
  return null;
}

/** Empty for a folder that a push has already removed. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function may(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch (error) {
    // a file that vanished, or a read-only disk, is not a permission fault
    return (error as NodeJS.ErrnoException).code !== 'EACCES';
  }
}
