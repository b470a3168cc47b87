/**
 * A disk that can lose its power: unflushed writes are gone, as when a machine is unplugged. It is an ext4 file system
 * in a file on a loop device, so it needs root.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface LossyDisk {
  /** The mount point; every user may enter it. */
  dir: string;
  /** Writes everything to the disk, as the kernel does eventually. */
  flush(): void;
  /**
   * Writes names and sizes of files to the disk, but no content: the worst moment for a cut. Without this call it
   * occurs within a second.
   */
  flushNames(): void;
  /** Cuts the power. Every later access fails; kill the processes that use the disk next. */
  cut(): void;
  /** The command that cuts the power, for a process that runs it exactly between two of its own steps. */
  cutCommand: [string, ...string[]];
  /** Mounts the disk as it was at the cut. No process may hold files on it open. */
  powerUp(): void;
  /** Unmounts and removes the disk, even after a cut. */
  remove(): void;
}

/** Sparse: only written blocks take space. Large enough for `room.disk`, which every deployment requires free. */
const SIZE = '2G';

/**
 * Commits metadata every second, while the kernel writes data back only after 30 seconds. In the worst case, an
 * unflushed file therefore has its name on the disk but no content.
 */
const OPTIONS = 'loop,commit=1';

/** EXT4_IOC_SHUTDOWN with NOLOGFLUSH drops all dirty data and the unfinished journal. Git depends on perl. */
const SHUT_DOWN =
  'open(my $disk, "<", $ARGV[0]) or die $!; my $noLogFlush = pack("L", 2); ioctl($disk, 0x8004587d, $noLogFlush) or die $!';

/** Why this machine cannot cut the power of a disk, or null. */
export function lossyDiskPossible(): string | null {
  if (process.geteuid?.() !== 0) return 'this user is not root';
  if (spawnSync('perl', ['-e', '1']).status !== 0) return 'there is no perl';
  let disk: LossyDisk | null = null;
  try {
    disk = lossyDisk();
    disk.cut();
    return null;
  } catch {
    return 'no ext4 can be mounted from a file';
  } finally {
    disk?.remove();
  }
}

/** Creates and mounts a disk. Call `remove` when the test is over, even if it fails. */
export function lossyDisk(): LossyDisk {
  const top = mkdtempSync(path.join(tmpdir(), 'switchyard-lossy-'));
  const dir = path.join(top, 'disk');
  const image = path.join(top, 'image');
  const mount = (): void => run('mount', '-o', OPTIONS, image, dir);
  chmodSync(top, 0o755);
  mkdirSync(dir);
  try {
    run('truncate', '-s', SIZE, image);
    run('mkfs.ext4', '-q', '-F', image);
    mount();
  } catch (error) {
    rmSync(top, { recursive: true, force: true });
    throw error;
  }
  chmodSync(dir, 0o755);
  const cutCommand: LossyDisk['cutCommand'] = ['perl', '-e', SHUT_DOWN, dir];

  return {
    dir,
    cutCommand,
    flush: () => run('sync', '-f', dir),
    flushNames: () => run('sync', dir),
    cut: () => run(...cutCommand),
    powerUp() {
      // unmount lazily and mount a copy: SQLite in this process may still hold a closed database open
      run('umount', '-l', dir);
      run('cp', '--sparse=always', image, `${image}.next`);
      renameSync(`${image}.next`, image);
      mount();
    },
    remove() {
      spawnSync('umount', ['-l', dir]);
      rmSync(top, { recursive: true, force: true });
    },
  };
}

function run(program: string, ...args: string[]): void {
  const PATH = `/usr/sbin:/sbin:${process.env.PATH ?? '/usr/bin:/bin'}`;
  execFileSync(program, args, { env: { ...process.env, PATH }, stdio: 'pipe' });
}
