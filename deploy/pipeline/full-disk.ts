/**
 * A full disk during a hold, a canary or a bake: nginx cannot log what users get and the app cannot write, so neither
 * its silence nor its errors say anything about the release.
 */
import { existsSync } from 'node:fs';
import { KnownError } from '../core/errors';
import { isFull } from '../core/room';
import type { Home } from '../home';
import { freeOnDisk } from '../machine-room';
import { machineMs } from '../os/machine-clock';
import type { Tell } from './process-watch';

/** A disk may be full for a moment, while another program works. */
const PATIENCE_MS = 2000;

export interface DiskWatch {
  /** True while the disk is full. Throws E_DISK when that lasts, unless the watch waits. */
  look(): Promise<boolean>;
  /** What a failure counts as: a fault of the machine while the disk is full. */
  blame(error: unknown): unknown;
}

/** @param waits a full disk is reported, and nothing fails for it alone */
export function diskWatch(home: Home, tell: Tell, waits: boolean): DiskWatch {
  let since: number | null = null;
  let told = !waits;
  return {
    async look() {
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
      if (!waits && machineMs() - since >= PATIENCE_MS) throw noEvidence(folder);
      return true;
    },
    blame(error) {
      const isOfCommit = error instanceof KnownError && error.fault === 'commit';
      const folder = isOfCommit ? fullDisk(home) : null;
      return isOfCommit && folder !== null
        ? new KnownError('E_DISK', `${error.message} The disk of ${folder} is full.`)
        : error;
    },
  };
}

/** The folder whose disk is full, or null. */
function fullDisk({ dir, logs, shared }: Home): string | null {
  const folders = [dir, logs, shared].filter((folder) => existsSync(folder));
  return folders.find((folder) => isFull(freeOnDisk(folder))) ?? null;
}

function noEvidence(folder: string): KnownError {
  const why = 'nginx cannot log what users get, so there is no evidence that the release is healthy';
  return new KnownError('E_DISK', `The disk of ${folder} is full: ${why}.`);
}
