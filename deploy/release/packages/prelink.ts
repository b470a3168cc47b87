/**
 * Links packages ahead of the next install. Linking about 20,000 files takes a few hundred milliseconds, and most
 * pushes need the same packages as the previous one. So the process that waits for the next deployment links them into
 * the folder `ready` of the last used store, and an install only moves that folder into the release.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Home } from '../../home/home';
import { takeLock } from '../../journal/deployment-lock';
import { newestFirst } from '../../os/newest';
import { isIntact, isPartial, linkStored, removeStore } from './store';

const READY = 'ready';
/** Inside the store, so that both are removed together. */
const LOCK = 'linking.lock';

/** Links the last used packages at low priority. If killed, leaves nothing that would be used. */
export async function prelinkModules(home: Pick<Home, 'modules'>): Promise<void> {
  const newest = newestStore(home);
  if (newest === null || existsSync(path.join(newest, READY))) return;
  const lock = await takeLock({ lock: path.join(newest, LOCK) });
  try {
    for (const store of storesIn(home)) await removeReady(store);
    // a build may have changed the store by writing into its packages: the next install detects that before its tests
    if (!(await isIntact(newest))) return;
    const making = mkdtempSync(path.join(newest, `${READY}-`));
    await linkStored(newest, path.join(making, READY), { politely: true });
    renameSync(path.join(making, READY), path.join(newest, READY));
    await rm(making, { recursive: true, force: true });
  } finally {
    lock.release();
  }
}

export interface PrelinkedModules {
  /**
   * Resolves later to whether the packages are still those that were stored; if not, the store has been removed. Never
   * rejects.
   */
  intact: Promise<boolean>;
}

/** Moves the linked packages into a release; null if there are none for this key. */
export function takePrelinked(
  home: Pick<Home, 'modules'>,
  key: string,
  release: string,
): PrelinkedModules | null {
  const store = path.join(home.modules, key);
  try {
    renameSync(path.join(store, READY), path.join(release, 'node_modules'));
  } catch {
    // missing, releases are on another disk, or another process has just removed them
    return null;
  }
  return { intact: checkedStore(store) };
}

/** Checks the store's own files, because the release's commands may already be adding files beside its links. */
async function checkedStore(store: string): Promise<boolean> {
  const intact = await isIntact(store).catch(() => false);
  // a store that cannot be removed fails the next install, which checks it too
  if (!intact) await removeStore(store).catch(() => undefined);
  return intact;
}

/** Removes prelinked packages, whole or partial. A `cp` that outlives its caller may still fill its own folder. */
async function removeReady(store: string): Promise<void> {
  for (const name of readdirSync(store).filter((each) => each.startsWith(READY))) {
    await rm(path.join(store, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** The store whose folder changed last. Moving `ready` out of a store changes its folder. */
function newestStore(home: Pick<Home, 'modules'>): string | null {
  return newestFirst(storesIn(home))[0] ?? null;
}

function storesIn({ modules }: Pick<Home, 'modules'>): string[] {
  if (!existsSync(modules)) return [];
  return readdirSync(modules, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => path.join(modules, name))
    .filter((store) => !isPartial(store));
}
