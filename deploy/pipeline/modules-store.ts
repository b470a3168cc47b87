/**
 * The store of node_modules: `modules/<key>` holds one installed set and its fingerprint. Releases get hard
 * links, which cost next to no time and no space; what keeps one release from changing another's files:
 *
 * - Files are read-only, so an ordinary user's build cannot write into a shared one. Root could.
 * - Folders with a leading dot (.prisma, .cache, .vite) are where tools write on purpose: each release has a
 *   real copy of its own. Caches are not stored.
 * - The fingerprint is compared at every use. A store that somebody changed is thrown away.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
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
import type { Home } from '../home';

const run = promisify(execFile);

const PARTIAL = '.partial';
/** Links to the packages' programs: not written to, and without content of their own. */
const BIN = '.bin';
const CACHE = '.cache';

/** True for a store that was not finished. */
export function isPartial(store: string): boolean {
  return store.endsWith(PARTIAL) || !existsSync(path.join(store, 'fingerprint'));
}

/** Gives the release the stored set. False when there is none, or when it was changed and is gone now. */
export async function takeModules(home: Home, key: string, release: string): Promise<boolean> {
  const store = path.join(home.modules, key);
  if (!existsSync(store) || isPartial(store)) return false;
  const stored = path.join(store, 'node_modules');
  const target = path.join(release, 'node_modules');
  // copied and looked at side by side: each takes some tenths of a second
  const copied = linkTree(stored, target);
  const intact = fingerprintOf(stored) === readFileSync(path.join(store, 'fingerprint'), 'utf8');
  await copied;
  if (intact) {
    await ownDotFolders(stored, target);
    return true;
  }
  await rm(store, { recursive: true, force: true });
  await rm(target, { recursive: true, force: true });
  return false;
}

/** Stores what a release has just installed; from then on the two share their files. */
export async function storeModules(home: Home, key: string, release: string): Promise<void> {
  const installed = path.join(release, 'node_modules');
  const store = path.join(home.modules, key);
  await makeStore(store, (target) => linkTree(installed, target));
  await ownDotFolders(path.join(store, 'node_modules'), installed);
}

/** Stores a real copy of somebody's node_modules. @param check looks at the copy; it is stored when true */
export async function storeCopy(
  home: Home,
  key: string,
  from: string,
  check: (copy: string) => boolean,
): Promise<boolean> {
  return makeStore(path.join(home.modules, key), (target) => copyTree(from, target), check);
}

/** Made beside its place and renamed into it: a store is whole or it is not there. */
async function makeStore(
  store: string,
  fill: (target: string) => Promise<void>,
  check: (copy: string) => boolean = () => true,
): Promise<boolean> {
  const partial = store + PARTIAL;
  await rm(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const modules = path.join(partial, 'node_modules');
  try {
    await fill(modules);
    if (!check(modules)) return false;
    await rm(path.join(modules, CACHE), { recursive: true, force: true });
    for (const file of filesIn(modules)) setWritable(file, false);
    writeFileSync(path.join(partial, 'fingerprint'), fingerprintOf(modules));
    await rm(store, { recursive: true, force: true });
    renameSync(partial, store);
    return true;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Hard links where the file system can, else real copies: two disks, or too many links to one file. */
async function linkTree(from: string, to: string): Promise<void> {
  try {
    await run('cp', ['-al', '--', from, to]);
  } catch {
    await rm(to, { recursive: true, force: true });
    await copyTree(from, to);
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  await run('cp', ['-a', '--', from, to]);
}

async function ownDotFolders(stored: string, target: string): Promise<void> {
  const names = readdirSync(stored, { withFileTypes: true }).filter(isDotFolder);
  for (const { name } of names) {
    const own = path.join(target, name);
    await rm(own, { recursive: true, force: true });
    await copyTree(path.join(stored, name), own);
    for (const file of filesIn(own)) setWritable(file, true);
  }
}

function isDotFolder(entry: Dirent): boolean {
  return entry.isDirectory() && entry.name.startsWith('.') && entry.name !== BIN;
}

/** Size and time of every file: reading 200 MB at each deployment would cost more than it is worth. */
function fingerprintOf(folder: string): string {
  const hash = createHash('sha256');
  for (const file of filesIn(folder)) {
    const { size, mtimeMs } = lstatSync(file);
    hash.update(`${path.relative(folder, file)} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Files below a folder in a fixed order; links are left out, they have no content. */
function* filesIn(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(file);
    else if (entry.isFile()) yield file;
  }
}

function setWritable(file: string, writable: boolean): void {
  const { mode } = lstatSync(file);
  chmodSync(file, writable ? mode | 0o200 : mode & ~0o222);
}
