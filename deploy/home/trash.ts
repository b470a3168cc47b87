/**
 * Moves files to a trash folder by an instant rename, so that the slow removal of tens of thousands of files blocks
 * nothing.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Home } from './home';
import { CLOSED } from './modes';
import { runLowPriority } from '../os/low-priority';
import { namesIn } from '../os/names-in';

/** Moves a file or folder of the home into the trash. Does nothing if it does not exist. */
export function putInTrash(home: Pick<Home, 'dir'>, file: string): void {
  if (!existsSync(file)) return;
  mkdirSync(trashOf(home), { recursive: true, mode: CLOSED });
  renameSync(file, path.join(trashOf(home), randomBytes(8).toString('hex')));
}

/**
 * Removes the trash, entry by entry.
 * @param goesOn checked before each entry; when false, the rest stays for the next run
 */
export async function emptyTrash(home: Pick<Home, 'dir'>, goesOn: () => boolean): Promise<void> {
  const trash = trashOf(home);
  for (const name of namesIn(trash)) {
    if (!goesOn()) return;
    // an entry that contains another user's files must not block the rest
    await removePolitely(path.join(trash, name)).catch((error: unknown) => console.error('trash:', error));
  }
  try {
    rmdirSync(trash);
  } catch {
    // another process added to the trash or removed it
  }
}

/** Uses a separate process at low priority, so that the deployer keeps answering requests. */
async function removePolitely(file: string): Promise<void> {
  try {
    await runLowPriority(['rm', '-rf', '--', file]);
  } catch {
    await rm(file, { recursive: true, force: true });
  }
}

function trashOf({ dir }: Pick<Home, 'dir'>): string {
  return path.join(dir, 'trash');
}
