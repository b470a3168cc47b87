/**
 * Linking some 20,000 packages' files takes some tenths of a second, and most pushes need the very packages of the
 * push before. So the process that waits for the next deployment links them beforehand, into the folder `ready` of
 * the store that was used last; an install then only has to rename it into the release.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Home } from '../../home/home';
import { takeLock } from '../../journal/deployment-lock';
import { newestFirst } from '../../os/newest';
import { isIntact, isPartial, linkStored, removeStore } from './store';

const READY = 'ready';
/** Below the store, so that it goes with it. */
const LOCK = 'linking.lock';

/** Links the packages that were used last, at low priority. Whoever is killed meanwhile leaves nothing that is used. */
export async function readyModules(home: Pick<Home, 'modules'>): Promise<void> {
  const newest = newestStore(home);
  if (newest === null || existsSync(path.join(newest, READY))) return;
  const lock = await takeLock({ lock: path.join(newest, LOCK) });
  try {
    for (const store of storesIn(home)) await removeReady(store);
    // a build that writes into its packages has changed the store: whoever takes it finds that before its tests
    if (!(await isIntact(newest))) return;
    const making = mkdtempSync(path.join(newest, `${READY}-`));
    await linkStored(newest, path.join(making, READY), { politely: true });
    renameSync(path.join(making, READY), path.join(newest, READY));
    await rm(making, { recursive: true, force: true });
  } finally {
    lock.release();
  }
}

export interface Taken {
  /** Whether the packages are still those that were stored, known a little later. Never rejects. The store is gone when they are not. */
  intact: Promise<boolean>;
}

/** Gives the links to a release; null when there are none of these packages. */
export function takeReady(home: Pick<Home, 'modules'>, key: string, release: string): Taken | null {
  const store = path.join(home.modules, key);
  try {
    renameSync(path.join(store, READY), path.join(release, 'node_modules'));
  } catch {
    // not there, releases on another disk, or somebody has just removed them
    return null;
  }
  return { intact: lookedAt(store) };
}

/** The store's own files are looked at, which are the same: the release's commands may add to its links meanwhile. */
async function lookedAt(store: string): Promise<boolean> {
  const intact = await isIntact(store).catch(() => false);
  // what cannot be removed fails the next install, which looks at it too
  if (!intact) await removeStore(store).catch(() => undefined);
  return intact;
}

/** Links made beforehand, whole or half. A `cp` that outlives whoever called it may still fill its own folder. */
async function removeReady(store: string): Promise<void> {
  for (const name of readdirSync(store).filter((each) => each.startsWith(READY))) {
    await rm(path.join(store, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** By the last change of its folder: whoever takes `ready` out of it changes it. */
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
