/**
 * Some megabytes put by in the home. On a full disk a shift of traffic still works, but a rollback has to stand in
 * the journal as well: the room that takes comes from here.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Home } from './home';

const BYTES = 4 * 1024 * 1024;

/** Puts the reserve by, unless it is there. A disk that is too full for it does without. */
export function keepReserve(home: Pick<Home, 'dir'>): void {
  const file = reserveFile(home);
  if (existsSync(file)) return;
  const fresh = `${file}.new`;
  try {
    // zeros would take no room on a file system that compresses
    writeFileSync(fresh, randomBytes(BYTES), { mode: 0o600 });
    renameSync(fresh, file);
  } catch {
    rmSync(fresh, { force: true });
  }
}

/** Gives its room to whoever needs it now. */
export function useReserve(home: Pick<Home, 'dir'>): void {
  rmSync(reserveFile(home), { force: true });
}

function reserveFile({ dir }: Pick<Home, 'dir'>): string {
  return path.join(dir, 'reserve');
}
