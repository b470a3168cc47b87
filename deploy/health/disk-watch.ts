/**
 * Watches for a full disk during a hold, a canary or a bake. On a full disk nginx cannot log and the app cannot write,
 * so missing log entries and errors prove nothing about the release.
 */
import { existsSync } from 'node:fs';
import { KnownError } from '../core/errors';
import { isFull as hasNoSpace } from '../core/capacity';
import type { Home } from '../home/home';
import { freeOnDisk } from '../os/resources';
import { machineMs } from '../os/machine-clock';
import type { Warn } from './process-watch';

/** Milliseconds, because another program may fill the disk for a moment. */
const GIVE_UP_AFTER_MS = 2000;

export interface DiskWatch {
  /**
   * The reaction to a full disk: `fail` throws; `report` only reports it; `wait` reports it and also postpones every
   * failure until the disk has free space.
   */
  on: 'fail' | 'report' | 'wait';
  /** True while the disk is full. With `fail`, throws E_DISK if it stays full. */
  isFull(): Promise<boolean>;
}

export function diskWatch(home: Home, warn: Warn, on: DiskWatch['on']): DiskWatch {
  let since: number | null = null;
  let reported = on === 'fail';
  const isFull = async (): Promise<boolean> => {
    const folder = fullDisk(home);
    if (folder === null) {
      since = null;
      return false;
    }
    if (!reported) {
      reported = true;
      // the journal may be on the full disk too
      await warn(`The disk of ${folder} is full: there is no verdict until it has free space.`).catch(
        () => {},
      );
    }
    since ??= machineMs();
    if (on === 'fail' && machineMs() - since >= GIVE_UP_AFTER_MS) throw noEvidence(folder);
    return true;
  };
  return { on, isFull };
}

/** Turns a fault of the commit into E_DISK, a fault of the machine, while the disk is full. */
export function blameFullDisk(home: Home, error: unknown): unknown {
  const folder = isOfCommit(error) ? fullDisk(home) : null;
  return isOfCommit(error) && folder !== null ? onDisk(error, `The disk of ${folder} is full.`) : error;
}

/** Does the same for a process that exited while the disk was full, when the exit is noticed later. */
export function blamePastFullDisk(error: unknown): unknown {
  return isOfCommit(error) ? onDisk(error, 'The disk was full.') : error;
}

function onDisk({ message }: KnownError, why: string): KnownError {
  return new KnownError('E_DISK', `${message.replace(/\.?$/, '.')} ${why}`);
}

function isOfCommit(error: unknown): error is KnownError {
  return error instanceof KnownError && error.fault === 'commit';
}

/** The folder whose disk is full, or null. */
export function fullDisk({ dir, logs, shared }: Home): string | null {
  const folders = [dir, logs, shared].filter((folder) => existsSync(folder));
  return folders.find((folder) => hasNoSpace(freeOnDisk(folder))) ?? null;
}

function noEvidence(folder: string): KnownError {
  const why = 'nginx cannot write its log, so there is no evidence that the release is healthy';
  return new KnownError('E_DISK', `The disk of ${folder} is full: ${why}.`);
}
