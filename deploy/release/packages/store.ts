/**
 * The store of node_modules: `modules/<key>` contains one installed set and its fingerprint. Releases get hard links,
 * which take almost no time and space. Three measures prevent one release from changing another's files:
 *
 * - Files are read-only, so an ordinary user's build cannot write into a shared one. Root could.
 * - Folders with a leading dot (.prisma, .cache, .vite) are where tools write on purpose: each release gets a real
 *   copy. Caches are not stored.
 * - The fingerprint is compared at every use. A changed store is discarded.
 */
import { execFile } from 'node:child_process';
import type { Dirent } from 'node:fs';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { KnownError } from '../../core/errors';
import type { Home } from '../../home/home';
import { runLowPriority } from '../../os/low-priority';
import { fingerprintOf } from './fingerprint';
import { isDiskFull } from '../../os/disk-full';

const run = promisify(execFile);

const PARTIAL = '.partial';
/** Links to the packages' programs. Nothing writes to them, and they have no content of their own. */
const BIN = '.bin';
const CACHE = '.cache';

/** True for an incomplete store. */
export function isPartial(store: string): boolean {
  return store.endsWith(PARTIAL) || !existsSync(path.join(store, 'fingerprint'));
}

/** True if a set of packages is stored, damaged or not. */
export function hasStore(home: Home, key: string): boolean {
  return existsSync(path.join(home.modules, key));
}

/** Gives the release the stored set. False if there is none, or if it had been changed and was removed. */
export async function takeModules(home: Home, key: string, release: string): Promise<boolean> {
  const store = path.join(home.modules, key);
  if (!existsSync(store) || isPartial(store)) return false;
  const target = path.join(release, 'node_modules');
  // in parallel, because each takes a few hundred milliseconds
  const [linked, intact] = await Promise.allSettled([linkStored(store, target), isIntact(store)]);
  if (linked.status === 'fulfilled' && intact.status === 'fulfilled' && intact.value) return true;
  await rm(target, { recursive: true, force: true });
  // a full disk does not damage the store
  if (linked.status === 'rejected' && linked.reason instanceof KnownError) throw linked.reason;
  await removeStore(store);
  return false;
}

/** Removes a store, even one without write permissions. */
export async function removeStore(store: string): Promise<void> {
  await rm(store, { recursive: true, force: true }).catch(async () => {
    await run('chmod', ['-R', 'u+rwX', '--', store]);
    await rm(store, { recursive: true, force: true });
  });
}

/** True if a store's files, or the links to them, are those that were stored. */
export async function isIntact(store: string, folder = path.join(store, 'node_modules')): Promise<boolean> {
  return (await fingerprintOf(folder)) === readFileSync(path.join(store, 'fingerprint'), 'utf8');
}

/** Creates a release's copy of the stored set: hard links, and real copies of the folders that tools write into. */
export async function linkStored(store: string, target: string, how: Links = {}): Promise<void> {
  const stored = path.join(store, 'node_modules');
  await linkTree(stored, target, how);
  await ownDotFolders(stored, target);
}

/**
 * Stores the packages that a release has just installed, at low priority like the install; from then on both share
 * their files.
 * @param check inspects the stored copy, which is kept if this returns true
 */
export async function storeModules(
  home: Home,
  key: string,
  release: string,
  check: (copy: string) => boolean,
): Promise<void> {
  const installed = path.join(release, 'node_modules');
  const store = path.join(home.modules, key);
  const isStored = await makeStore(store, (target) => linkTree(installed, target, { politely: true }), check);
  if (isStored) await ownDotFolders(path.join(store, 'node_modules'), installed);
}

/** Stores a real copy of a user's node_modules. @param check inspects the copy, which is kept if this returns true */
export async function storeCopy(
  home: Home,
  key: string,
  from: string,
  check: (copy: string) => boolean,
): Promise<boolean> {
  return makeStore(path.join(home.modules, key), (target) => copyTree(from, target), check);
}

/** Creates the store beside its final path and renames it, so that a store is either complete or missing. */
async function makeStore(
  store: string,
  fill: (target: string) => Promise<void>,
  check: (copy: string) => boolean,
): Promise<boolean> {
  const partial = store + PARTIAL;
  await rm(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const modules = path.join(partial, 'node_modules');
  try {
    await fill(modules);
    if (!check(modules)) return false;
    await rm(path.join(modules, CACHE), { recursive: true, force: true });
    await runLowPriority(['find', modules, '-type', 'f', '-exec', 'chmod', 'a-w', '{}', '+']);
    writeFileSync(path.join(partial, 'fingerprint'), await fingerprintOf(modules));
    await rm(store, { recursive: true, force: true });
    renameSync(partial, store);
    return true;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

interface Links {
  /** Leaves the processor and the disk to other processes. */
  politely?: boolean;
}

/** Creates hard links, or real copies if it cannot: across two disks, or with too many links to one file. */
async function linkTree(from: string, to: string, how: Links = {}): Promise<void> {
  const args = ['-al', '--', from, to];
  try {
    await (how.politely ? runLowPriority(['cp', ...args]) : run('cp', args));
  } catch {
    await rm(to, { recursive: true, force: true });
    await copyTree(from, to);
  }
}

/** Throws E_DISK. */
async function copyTree(from: string, to: string): Promise<void> {
  try {
    await run('cp', ['-a', '--', from, to]);
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const lines = stderr.split('\n');
    if (!isDiskFull(lines)) throw error;
    throw new KnownError('E_DISK', `There is no free disk for the packages: ${lines[0]}`);
  }
}

async function ownDotFolders(stored: string, target: string): Promise<void> {
  const names = readdirSync(stored, { withFileTypes: true }).filter(isDotFolder);
  for (const { name } of names) {
    const own = path.join(target, name);
    await rm(own, { recursive: true, force: true });
    await copyTree(path.join(stored, name), own);
    for (const file of filesIn(own)) makeWritable(file);
  }
}

function isDotFolder(entry: Dirent): boolean {
  return entry.isDirectory() && entry.name.startsWith('.') && entry.name !== BIN;
}

/** Files below a folder, without links, which have no content. */
function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(file);
    else if (entry.isFile()) yield file;
  }
}

function makeWritable(file: string): void {
  chmodSync(file, lstatSync(file).mode | 0o200);
}
