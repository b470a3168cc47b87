/**
 * Linking some 20,000 packages' files takes some tenths of a second, and most pushes need the very packages of the
 * push before. So the process that waits for the next deployment links them beforehand, into the folder `ready` of
 * the store that was used last; an install then only has to rename it into the release.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Home } from '../home';
import { takeLock } from '../lock';
import { isIntact, isPartial, linkStored } from './modules-store';

const READY = 'ready';
/** Below the store, so that it goes with it. */
const LOCK = 'linking.lock';

/** What an install will probably take, and whether it is as it was stored. */
export interface Expectation {
  store: string;
  intact: Promise<boolean>;
}

/** Links the packages that were used last, at low priority. Whoever is killed meanwhile leaves nothing that is used. */
export async function readyModules(home: Pick<Home, 'modules'>): Promise<void> {
  const newest = newestStore(home);
  if (newest === null || existsSync(path.join(newest, READY))) return;
  const lock = await takeLock({ lock: path.join(newest, LOCK) });
  try {
    for (const store of storesIn(home)) await removeReady(store);
    const making = mkdtempSync(path.join(newest, `${READY}-`));
    await linkStored(newest, path.join(making, READY), { politely: true });
    renameSync(path.join(making, READY), path.join(newest, READY));
    await rm(making, { recursive: true, force: true });
  } finally {
    lock.release();
  }
}

/** Begins to look whether the links are intact, so that it is known when they are needed. */
export function expectModules(home: Pick<Home, 'modules'>): Expectation | null {
  const store = newestStore(home);
  if (store === null || !existsSync(path.join(store, READY))) return null;
  const intact = isIntact(store, path.join(store, READY)).catch(() => false);
  return { store, intact };
}

/** Gives the links to a release. False when they are not there, not intact or of other packages. */
export async function takeReady(
  home: Pick<Home, 'modules'>,
  key: string,
  release: string,
  expected: Expectation | null,
): Promise<boolean> {
  const store = path.join(home.modules, key);
  if (expected?.store !== store) return false;
  if (!(await expected.intact)) {
    await removeReady(store);
    return false;
  }
  try {
    renameSync(path.join(store, READY), path.join(release, 'node_modules'));
    return true;
  } catch {
    // releases on another disk, or somebody has just removed them
    return false;
  }
}

/** Links made beforehand, whole or half. A `cp` that outlives whoever called it may still fill its own folder. */
async function removeReady(store: string): Promise<void> {
  for (const name of readdirSync(store).filter((each) => each.startsWith(READY))) {
    await rm(path.join(store, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** By the last change of its folder: whoever takes `ready` out of it changes it. */
function newestStore(home: Pick<Home, 'modules'>): string | null {
  const stores = storesIn(home).map((store) => ({ store, at: statSync(store).mtimeMs }));
  return stores.sort((a, b) => b.at - a.at)[0]?.store ?? null;
}

function storesIn({ modules }: Pick<Home, 'modules'>): string[] {
  if (!existsSync(modules)) return [];
  return readdirSync(modules, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => path.join(modules, name))
    .filter((store) => !isPartial(store));
}
