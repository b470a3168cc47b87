/** Diagnoses a disk from the error of a failed write, or by a test write. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { DiskReason } from '../core/disk-reason';
import { diskReason, hidesDiskReason } from '../core/disk-reason';
import { asKnown, KnownError } from '../core/errors';
import { shellWord } from '../core/shell-word';
import { asRoot } from './as-root';

/** At least one block, because a smaller file may still fit on a full disk. */
const PROBE = Buffer.alloc(4096);

/** The disk failure behind an error for `dir`, or null. */
export function asDiskFailure(dir: string, error: unknown): KnownError | null {
  if (error instanceof KnownError) return null;
  const reason = hidesDiskReason(error) ? probeWrite(dir) : diskReason(error);
  return reason === null ? null : diskFailure(reason, dir);
}

/** Like asDiskFailure, but converts any other error as well. */
export function asKnownOnDisk(dir: string, error: unknown): KnownError {
  return asDiskFailure(dir, error) ?? asKnown(error);
}

/** The failure of a write to this folder now, or null. Leaves nothing behind. */
export function probeDisk(dir: string): KnownError | null {
  const reason = probeWrite(dir);
  return reason === null ? null : diskFailure(reason, dir);
}

function diskFailure(reason: DiskReason, wanted: string): KnownError {
  const dir = nearest(wanted);
  const disk = `The disk of ${dir}`;
  const mount = mountPoint(dir);
  switch (reason) {
    case 'EROFS':
      return new KnownError(
        'E_READ_ONLY',
        `${disk} is read-only.`,
        asRoot(`mount -o remount,rw ${shellWord(mount)}`),
      );
    case 'EIO':
      return new KnownError('E_DISK_FAILS', `${disk} cannot be written to: the kernel reports EIO.`);
    case 'EDQUOT':
      return new KnownError(
        'E_DISK',
        `The disk quota of this user is used up: ${dir}.`,
        'See what uses it: quota -s',
      );
    case 'ENOSPC':
      if (!hasNoInodes(dir)) return new KnownError('E_DISK', `${disk} is full.`);
      return new KnownError(
        'E_DISK',
        `${disk} has no inodes left, so no file can be created.`,
        inodeHint(dir),
      );
  }
}

/** Lists the folders with the most files; only the operator knows which files can be removed. */
export function inodeHint(dir: string): string {
  return asRoot(`du --inodes -x ${shellWord(mountPoint(dir))} | sort -n | tail`);
}

function probeWrite(dir: string): DiskReason | null {
  try {
    const at = nearest(dir);
    accessSync(at, constants.W_OK);
    writeAndRemove(path.join(at, `.probe.${process.pid}`));
    return null;
  } catch (error) {
    return diskReason(error);
  }
}

function writeAndRemove(file: string): void {
  const fd = openSync(file, 'w', 0o600);
  try {
    writeSync(fd, PROBE);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
    rmSync(file, { force: true });
  }
}

/** The nearest existing folder: the home does not exist before the first start. */
function nearest(dir: string): string {
  return existsSync(dir) ? dir : nearest(path.dirname(dir));
}

/** Some file systems allocate inodes on demand and report 0. */
function hasNoInodes(dir: string): boolean {
  const { files, ffree } = statfsSync(dir);
  return files > 0 && ffree === 0;
}

function mountPoint(dir: string): string {
  const parent = path.dirname(dir);
  return parent === dir || statSync(parent).dev !== statSync(dir).dev ? dir : mountPoint(parent);
}
