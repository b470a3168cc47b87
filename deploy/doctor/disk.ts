/** Checks that the disk is writable and has space for a release as large as the newest, plus the reserve. */
import { execFile } from 'node:child_process';
import { readdirSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { isFull, parseSize } from '../core/capacity';
import type { Home } from '../home/home';
import { probeDisk, inodeHint } from '../os/disk-failure';
import { FEWEST_INODES } from '../pipeline/preflight';
import { freeOnDisk } from '../os/resources';
import { newestFirst } from '../os/newest';
import { tempFoldersElsewhere } from '../traffic/temp-folders';
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
  return [
    ...(await checkHomeDisk(context)),
    ...tempFoldersElsewhere(home).flatMap((dir) => checkTemp(context, dir)),
  ];
}

/** nginx's folder for large requests, on a disk of its own. */
function checkTemp(context: DoctorContext, dir: string): Judgement[] {
  const trouble = probeDisk(dir);
  if (trouble && trouble.code !== 'E_DISK') return [faultOf(trouble)];
  return judgeTemp({ dir, free: freeOnDisk(dir), largest: parseSize(context.ports().http.maxBody) });
}

/** @param largest bytes of the largest request that nginx accepts */
export function judgeTemp({
  dir,
  free,
  largest,
}: {
  dir: string;
  free: number;
  largest: number;
}): Judgement[] {
  const fix = largestOn(dir);
  if (isFull(free))
    return [fault(`The disk of ${dir} is full: nginx cannot keep large requests there.`, fix)];
  if (free >= largest) return [];
  const facts = `${megabytes(free)} free, and one request may take ${megabytes(largest)} (http.maxBody)`;
  return [warning(`The disk of ${dir}, where nginx keeps large requests, has ${facts}.`, fix)];
}

async function checkHomeDisk(context: DoctorContext): Promise<Judgement[]> {
  const home = context.home();
  const trouble = probeDisk(home.dir);
  const { bavail, bsize, ffree, files } = statfsSync(home.dir);
  // judgeDisk has a better fix for a full disk, which even root cannot write to
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
  /** The command that shows where inodes are used. */
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
        largestOn(dir),
      ),
    ];
  }
  const needed = release + reserve;
  const facts = `${megabytes(free)} free, a release needs ${megabytes(release)}`;
  if (free < needed)
    return [fault(`There are ${facts}, and ${megabytes(reserve)} must be left.`, largestOn(dir))];
  if (freeFiles !== null && freeFiles < FEWEST_INODES) {
    const message = `The disk of ${dir} has ${freeFiles} inodes left; a release needs about ${FEWEST_INODES}.`;
    return [fault(message, inodeFix)];
  }
  if (freeFiles !== null && freeFiles < FILES_OF_A_RELEASE) {
    return [warning(`The disk can hold only ${freeFiles} more files; a release has thousands.`, inodeFix)];
  }
  return [ok(facts)];
}

/** Lists the largest items on the disk, because only an operator knows what may be deleted. */
function largestOn(dir: string): string {
  return `du -xah -d 3 "$(df --output=target ${shellWord(dir)} | tail -n 1)" | sort -h | tail -n 20`;
}

/** The size of the newest release in bytes; 0 if there is none. */
async function newestRelease(home: Home): Promise<number> {
  const folders = readdirSync(home.releases)
    .filter((name) => /^[0-9a-f]{40}(\.\d+)?$/.test(name))
    .map((name) => path.join(home.releases, name));
  const [newest] = newestFirst(folders);
  if (newest === undefined) return 0;
  const { stdout } = await run('du', ['-sk', '--', newest], { timeout: ASK_MS });
  return Number(stdout.split('\t')[0]) * 1024;
}
