/**
 * A disk that loses its power: what was not flushed to it is gone, as on a machine whose plug is pulled. It is an ext4
 * file system in a file, mounted by a loop device, so only root has one.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface LossyDisk {
  /** Where it is mounted; every user may enter it. */
  dir: string;
  /** Writes everything to it, as the kernel does after some time. */
  flush(): void;
  /**
   * Writes names and sizes of files to it, and the content of none: the most harmful moment for a cut. It comes by
   * itself within a second.
   */
  flushNames(): void;
  /** Cuts the power. From now on every access fails; kill the processes that work on the disk next. */
  cut(): void;
  /** The command that cuts the power, for a process that does so exactly between two of its own steps. */
  cutCommand: [string, ...string[]];
  /** Mounts what the disk had when its power was cut. Processes must not hold files of it open. */
  powerUp(): void;
  /** Unmounts and removes it, also after a cut. */
  remove(): void;
}

/** Sparse: only what is written takes space. Large enough for `room.disk`, which every deployment wants free. */
const SIZE = '2G';

/**
 * Commits metadata every second while the kernel writes data back after 30 seconds: so a file that nobody flushes
 * has its name on the disk and no content, the most harmful of all moments.
 */
const OPTIONS = 'loop,commit=1';

/** EXT4_IOC_SHUTDOWN with NOLOGFLUSH drops all dirty data and the unfinished journal at once. Git needs perl, so it is there. */
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

/** Makes and mounts one. Call `remove` when the test is over, also when it fails. */
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
      // lazily, and a copy is mounted: SQLite in this very process may hold a closed database open
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
