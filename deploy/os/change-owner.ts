/**
 * Gives a folder that another user can write to that user, as root, and nothing outside of it.
 *
 * A path is not safe here: between a check and chown(2) that user can swap a directory for a link to /etc. So each name
 * is opened once with O_PATH and O_NOFOLLOW, and everything else happens to that descriptor through /proc/self/fd,
 * which is what openat(2) and fchownat(2) would do.
 */
import { chownSync, closeSync, constants, fstatSync, openSync, readFileSync, readdirSync } from 'node:fs';
import type { Stats } from 'node:fs';

/** Opens a name without opening the file: no reader for a FIFO, no side effect on a device. Node has no name for it. */
const O_PATH = 0o10000000;

export interface Owner {
  uid: number;
  gid: number;
}

/**
 * Changes the owner of the folder and of all directories, files, FIFOs and sockets below it. Unchanged stay symbolic
 * links, devices, other mounts, and files with several names, of which one may lie outside. What cannot be changed is
 * left alone.
 */
export function changeOwnerBelow(folder: string, owner: Owner): void {
  // the folder itself is the caller's: it may be a link to another disk
  withDescriptor(folder, 0, (root) => changeOwner(root, mountOf(root), owner));
}

function changeOwner(fd: number, mount: string, owner: Owner): void {
  const found = fstatSync(fd);
  if (!mayChange(found) || mountOf(fd) !== mount) return;
  if (found.uid !== owner.uid || found.gid !== owner.gid) {
    attempt(() => chownSync(pathOf(fd), owner.uid, owner.gid));
  }
  if (!found.isDirectory()) return;
  for (const name of attempt(() => readdirSync(pathOf(fd))) ?? []) {
    attempt(() =>
      withDescriptor(`${pathOf(fd)}/${name}`, constants.O_NOFOLLOW, (entry) =>
        changeOwner(entry, mount, owner),
      ),
    );
  }
}

function mayChange(found: Stats): boolean {
  if (found.isSymbolicLink() || found.isBlockDevice() || found.isCharacterDevice()) return false;
  return found.isDirectory() || found.nlink === 1;
}

/** Also tells a bind mount from its surroundings, which has the same device number. */
function mountOf(fd: number): string {
  return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
}

function pathOf(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

function withDescriptor(file: string, flags: number, work: (fd: number) => void): void {
  const fd = openSync(file, O_PATH | flags);
  try {
    work(fd);
  } finally {
    closeSync(fd);
  }
}

/** Undefined when the file has gone, is immutable, or its path is too long. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
