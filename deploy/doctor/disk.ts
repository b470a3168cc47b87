/** Checks that the disk is writable and has space for a release as large as the newest, plus the reserve. */
import { execFile } from 'node:child_process';
import { readdirSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { isFull, parseSize } from '../core/capacity';
import type { Home } from '../home/home';
import { probeDisk, inodeHint } from '../os/disk-failure';
import { FEWEST_INODES } from '../pipeline/preflight';
import { newestFirst } from '../os/newest';
import type { Judgement } from './finding';
import { fault, faultOf, ok, warning, shellWord } from './finding';
import type { DoctorContext } from './context';
import { megabytes } from './size';
import { ASK_MS } from './timeouts';

const run = promisify(execFile);

/** A release has thousands of files, most of them in node_modules. */
const FILES_OF_A_RELEASE = 20_000;

export async function checkDisk(context: DoctorContext): Promise<Judgement[]> {
  const home = context.home();
  const trouble = probeDisk(home.dir);
  const { bavail, bsize, ffree, files } = statfsSync(home.dir);
  // judgeDisk has a fix for a full disk, which also applies when root cannot write either
  const isOnlyFull = trouble?.code === 'E_DISK' && isFull(bavail * bsize);
  if (trouble && !isOnlyFull) return [faultOf(trouble)];
  const release = await newestRelease(home);
  return judgeDisk({
    free: bavail * bsize,
    // file systems that allocate inodes on demand report a total of 0
    freeFiles: files === 0 ? null : ffree,
    release,
    reserve: parseSize(context.ports().room.disk),
    dir: home.dir,
    inodeFix: inodeHint(home.dir),
  });
}

export interface Disk {
  /** Bytes. */
  free: number;
  freeFiles: number | null;
  /** The fix that shows where inodes are used. */
  inodeFix: string;
  /** Bytes of the newest release, packages included. */
  release: number;
  /** Bytes that a deployment must leave free. */
  reserve: number;
  dir: string;
}

export function judgeDisk({ free, freeFiles, release, reserve, dir, inodeFix }: Disk): Judgement[] {
  if (isFull(free)) {
    return [
      fault(
        `The disk of ${dir} is full: nginx cannot write its log, and the app cannot write.`,
        largest(dir),
      ),
    ];
  }
  const needed = release + reserve;
  const facts = `${megabytes(free)} free, a release needs ${megabytes(release)}`;
  if (free < needed)
    return [fault(`There are ${facts}, and ${megabytes(reserve)} must be left.`, largest(dir))];
  if (freeFiles !== null && freeFiles < FEWEST_INODES) {
    const message = `The disk of ${dir} has ${freeFiles} inodes left; a release needs about ${FEWEST_INODES}.`;
    return [fault(message, inodeFix)];
  }
  if (freeFiles !== null && freeFiles < FILES_OF_A_RELEASE) {
    return [warning(`The disk can hold only ${freeFiles} more files; a release has thousands.`, inodeFix)];
  }
  return [ok(facts)];
}

/** A command that lists the largest items on the disk: only an operator knows what may be deleted. */
function largest(dir: string): string {
  return `du -xah -d 3 "$(df --output=target ${shellWord(dir)} | tail -n 1)" | sort -h | tail -n 20`;
}

/** The size of the newest release in bytes; 0 when there is none. */
async function newestRelease(home: Home): Promise<number> {
  const folders = readdirSync(home.releases)
    .filter((name) => /^[0-9a-f]{40}(\.\d+)?$/.test(name))
    .map((name) => path.join(home.releases, name));
  const [newest] = newestFirst(folders);
  if (newest === undefined) return 0;
  const { stdout } = await run('du', ['-sk', '--', newest], { timeout: ASK_MS });
  return Number(stdout.split('\t')[0]) * 1024;
}
