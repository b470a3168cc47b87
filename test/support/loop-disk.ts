/** A private disk that can run out of inodes or turn read-only: an ext4 file system in a file. Needs root. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface LoopDisk {
  dir: string;
  /** Creates empty files until no inode is left. */
  exhaustInodes(): void;
  freeInodes(): void;
  /** Simulates the kernel's reaction to a disk error: every write fails with EROFS, even to open files. */
  failToReadOnly(): void;
  /** Remounts as an operator would. No file may be open for writing. */
  remount(how: 'ro' | 'rw'): void;
  unmount(): void;
}

/** The reason this machine cannot mount one, or null. */
export function loopDiskPossible(): string | null {
  if (process.geteuid?.() !== 0) return 'this user is not root';
  try {
    loopDisk().unmount();
    return null;
  } catch {
    return 'no ext4 can be mounted from a file';
  }
}

/** @param size sparse, in truncate's format @param inodes the number of files that fit */
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
