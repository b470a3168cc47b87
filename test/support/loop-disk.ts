/** A disk of one's own that runs out of inodes or turns read-only, for root: an ext4 file system in a file. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface LoopDisk {
  dir: string;
  /** Makes empty files until no further one can be made. */
  exhaustInodes(): void;
  freeInodes(): void;
  /** What the kernel does after an error of the disk: every write fails with EROFS, also to open files. */
  failToReadOnly(): void;
  /** What an operator does. Nothing may be open for writing. */
  remount(how: 'ro' | 'rw'): void;
  unmount(): void;
}

/** Why this machine can have none, or null. */
export function loopDiskPossible(): string | null {
  if (process.geteuid?.() !== 0) return 'this user is not root';
  try {
    loopDisk().unmount();
    return null;
  } catch {
    return 'no ext4 can be mounted from a file';
  }
}

/** @param size sparse, as truncate takes it @param inodes how many files fit */
export function loopDisk({ size = '2G', inodes = 20_000 } = {}): LoopDisk {
  const top = mkdtempSync(path.join(tmpdir(), 'switchyard-loop-'));
  const [image, dir] = [path.join(top, 'image'), path.join(top, 'disk')];
  chmodSync(top, 0o755);
  mkdirSync(dir);
  const unmount = (): void => {
    spawnSync('/bin/umount', ['-l', dir]);
    rmSync(top, { recursive: true, force: true });
  };
  try {
    run('truncate', '-s', size, image);
    run('mkfs.ext4', '-q', '-F', '-N', String(inodes), image);
    run('mount', '-o', 'loop', image, dir);
    chmodSync(dir, 0o755);
  } catch (error) {
    unmount();
    throw error;
  }
  const ballast = path.join(dir, 'ballast');
  return {
    dir,
    exhaustInodes() {
      mkdirSync(ballast, { recursive: true });
      try {
        for (let count = 0; ; count++) closeSync(openSync(path.join(ballast, `${Date.now()}-${count}`), 'w'));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    freeInodes: () => rmSync(ballast, { recursive: true, force: true }),
    failToReadOnly: () => run('mount', '-o', 'remount,abort', dir),
    remount: (how) => run('mount', '-o', `remount,${how}`, dir),
    unmount,
  };
}

function run(program: string, ...args: string[]): void {
  const PATH = `/usr/sbin:/sbin:${process.env.PATH ?? '/usr/bin:/bin'}`;
  execFileSync(program, args, { env: { ...process.env, PATH }, stdio: 'pipe' });
}
