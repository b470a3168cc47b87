/**
 * As root, changes the owner of a folder that another user can write to, without affecting anything outside it.
 *
 * A path is not safe for this: between a check and chown(2), that user can replace a directory with a link to /etc.
 * Therefore each name is opened once with O_PATH and O_NOFOLLOW, and every further call uses that descriptor through
 * /proc/self/fd, like openat(2) and fchownat(2).
 */
import { chownSync, closeSync, constants, fstatSync, openSync, readFileSync, readdirSync } from 'node:fs';
import type { Stats } from 'node:fs';

/**
 * Opens a name without opening the file, so a FIFO needs no reader and a device sees no side effect. Node does not
 * export this flag.
 */
const O_PATH = 0o10000000;

export interface Owner {
  uid: number;
  gid: number;
}

/**
 * Changes the owner of the folder and of all directories, files, FIFOs and sockets below it. Skips symbolic links,
 * devices, other mounts, and files with several hard links, of which one may be outside. Ignores entries that cannot be
 * changed.
 */
export function changeOwnerBelow(folder: string, owner: Owner): void {
  // follow a link only for the folder itself, which the caller chose: it may be on another disk
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

/** The mount id; it also distinguishes a bind mount, which has the same device number as its surroundings. */
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

/** Undefined if the file is gone or immutable, or its path is too long. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
