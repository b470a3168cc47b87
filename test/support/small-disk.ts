/** A disk small enough for a test to fill. */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface SmallDisk {
  dir: string;
  unmount(): void;
}

/** The reason this user cannot mount one, or null: only root may mount, and not in every container. */
export function smallDiskPossible(): string | null {
  const disk = tryToMount('64k');
  disk?.unmount();
  return disk ? null : 'this user may not mount one';
}

/** Call in beforeAll: a mount made during collection would stay if no test ran. @param size for mount: `64k`, `8m` */
export function mountSmallDisk(size: string): SmallDisk {
  const disk = tryToMount(size);
  if (disk === null) throw new Error(`no disk of ${size} can be mounted`);
  return disk;
}

function tryToMount(size: string): SmallDisk | null {
  const dir = mkdtempSync(path.join(tmpdir(), 'switchyard-full-'));
  if (spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir]).status !== 0) {
    rmdirSync(dir);
    return null;
  }
  return {
    dir,
    unmount() {
      // lazily: SQLite's prepared statements keep a closed database open until garbage collection
      execFileSync('/bin/umount', ['-l', dir]);
      rmdirSync(dir);
    },
  };
}

/** Writes until not one more byte fits. */
export function fill(file: string): void {
  const block = Buffer.alloc(4096);
  try {
    for (;;) appendFileSync(file, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
