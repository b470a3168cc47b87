/** Writes small files that other processes read, atomically. */
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface AtomicWrite {
  /** Permission bits of the new file. Default: 0600. */
  mode?: number;
  /** False skips fsync, for caches that can be rebuilt. Default: true. */
  durable?: boolean;
}

/**
 * Replaces a file with one rename(2): readers, and the disk after a power cut, see either the old content or the new.
 * Throws the file system's error and leaves the old file unchanged.
 */
export function writeAtomically(
  file: string,
  content: string | Uint8Array,
  { mode = 0o600, durable = true }: AtomicWrite = {},
): void {
  // in the same folder, because a rename cannot cross file systems; the pid keeps two writers apart
  const fresh = `${file}.${process.pid}.new`;
  try {
    writeNew(fresh, content, mode, durable);
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
  if (durable) syncFolder(path.dirname(file));
}

function writeNew(file: string, content: string | Uint8Array, mode: number, durable: boolean): void {
  // left by a killed process that had the same pid
  rmSync(file, { force: true });
  const descriptor = openSync(file, 'wx', mode);
  try {
    // set the mode explicitly, because the umask applies to open
    fchmodSync(descriptor, mode);
    writeFileSync(descriptor, content);
    if (durable) fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A rename is durable only after its folder is flushed. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
