/**
 * A full disk during a hold, a canary or a bake: nginx cannot log what users get and the app cannot write, so neither
 * its silence nor its errors say anything about the release.
 */
import { existsSync } from 'node:fs';
import { KnownError } from '../core/errors';
import { isFull as hasNoSpace } from '../core/capacity';
import type { Home } from '../home/home';
import { freeOnDisk } from '../os/resources';
import { machineMs } from '../os/machine-clock';
import type { Tell } from './process-watch';

/** A disk may be full for a moment, while another program works. */
const PATIENCE_MS = 2000;

export interface DiskWatch {
  /**
   * What happens on a full disk: `fail` fails for it alone; `report` only reports it; `wait` also puts off every
   * failure until there is free space.
   */
  on: 'fail' | 'report' | 'wait';
  /** True while the disk is full. Throws E_DISK when that lasts and is to fail. */
  isFull(): Promise<boolean>;
}

export function diskWatch(home: Home, tell: Tell, on: DiskWatch['on']): DiskWatch {
  let since: number | null = null;
  let told = on === 'fail';
  const isFull = async (): Promise<boolean> => {
    const folder = fullDisk(home);
    if (folder === null) {
      since = null;
      return false;
    }
    if (!told) {
      told = true;
      // the journal may have no space either
      await tell(`The disk of ${folder} is full: nothing is decided until it has free space.`).catch(
        () => {},
      );
    }
    since ??= machineMs();
    if (on === 'fail' && machineMs() - since >= PATIENCE_MS) throw noEvidence(folder);
    return true;
  };
  return { on, isFull };
}

/** What a failure counts as: a fault of the machine while the disk is full. */
export function blameFullDisk(home: Home, error: unknown): unknown {
  const folder = isOfCommit(error) ? fullDisk(home) : null;
  return isOfCommit(error) && folder !== null ? onDisk(error, `The disk of ${folder} is full.`) : error;
}

/** The same of a process that ended while the disk was full, which shows only afterwards. */
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
  const why = 'nginx cannot log what users get, so there is no evidence that the release is healthy';
  return new KnownError('E_DISK', `The disk of ${folder} is full: ${why}.`);
}
