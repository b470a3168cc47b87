/** Writes small files that other processes read. */
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface AtomicWrite {
  /** Permission bits of the new file. Default: 0600. */
  mode?: number;
  /** False skips fsync, for caches that can be rebuilt. Default: true. */
  durable?: boolean;
}

/**
 * Replaces a file with one rename(2): a reader sees the old content or the new one, never a part, and after a power cut
 * the file holds one of the two. Throws what the file system reports, and then leaves the old file unchanged.
 */
export function writeAtomically(
  file: string,
  content: string | Uint8Array,
  { mode = 0o600, durable = true }: AtomicWrite = {},
): void {
  // beside the file, since a rename cannot cross file systems; the pid keeps two writers apart
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
    // the umask must not narrow what the caller asked for
    fchmodSync(descriptor, mode);
    writeFileSync(descriptor, content);
    if (durable) fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The rename itself is durable once the folder that holds the name is. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
