/**
 * Reserves a few megabytes in the home. On a full disk a shift still works, but a rollback's journal entry needs space,
 * which this reserve provides.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Home } from './home';

const BYTES = 4 * 1024 * 1024;

/** Creates the reserve unless it exists. Does nothing if the disk is too full. */
export function createReserve(home: Pick<Home, 'dir'>): void {
  const file = reserveFile(home);
  if (existsSync(file)) return;
  const fresh = `${file}.new`;
  try {
    // random bytes, because zeros would take no space on a compressing file system
    writeFileSync(fresh, randomBytes(BYTES), { mode: 0o600 });
    renameSync(fresh, file);
  } catch {
    rmSync(fresh, { force: true });
  }
}

/** Frees the reserved space. */
export function releaseReserve(home: Pick<Home, 'dir'>): void {
  rmSync(reserveFile(home), { force: true });
}

function reserveFile({ dir }: Pick<Home, 'dir'>): string {
  return path.join(dir, 'reserve');
}
