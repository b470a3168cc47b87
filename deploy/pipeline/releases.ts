/**
 * Releases on disk: the folder `releases/<commit>` and, beside it, the manifest `<commit>.json`. The manifest
 * is written last, so a folder without one is what a killed deployment left.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Commit, Release } from '../core/types';
import type { Home } from '../home';
import { writeAtomically } from '../os/atomic-write';
import { indexOf } from './check-out';
import { isPartial } from './modules-store';

const run = promisify(execFile);

/** find counts in these, whatever the file system's own are. */
const BLOCK_BYTES = 512;

/** The folder is not in it: a home may be moved. */
interface Manifest extends Omit<Release, 'dir'> {
  /** Node's version that built it, for a person who looks for the reason of a failing native module. */
  node: string;
  /** What it takes on the disk, its node_modules included, as far as that was measured. In bytes. */
  bytes?: number;
}

/** Where the release of a commit is made and stays. */
export function releaseFolder(home: Home, commit: Commit): string {
  return path.join(home.releases, commit);
}

/** The complete release of a commit, or null when it has to be made. */
export function findRelease(home: Home, commit: Commit): Release | null {
  const dir = releaseFolder(home, commit);
  const manifest = readManifest(dir);
  if (manifest === null || !existsSync(dir)) return null;
  const { version, subject, app } = manifest;
  return { commit, version, subject, dir, app };
}

/** What the release takes on the disk, in bytes; null for one that is not there or was never measured. */
export function sizeOfRelease(home: Home, commit: Commit): number | null {
  return readManifest(releaseFolder(home, commit))?.bytes ?? null;
}

/** Declares the release complete. It is on the disk before its name is: a power cut leaves all or nothing. */
export function completeRelease(home: Home, release: Release): void {
  const { dir, ...rest } = release;
  writeManifest(dir, { ...rest, node: process.version });
}

/** Measures what a release takes on the disk, in bytes, at low priority; some tenths of a second. */
export async function measureRelease(home: Home, commit: Commit): Promise<number> {
  const { stdout } = await run('nice', ['du', '-sk', '--', releaseFolder(home, commit)]);
  return parseInt(stdout, 10) * 1024;
}

/**
 * What another release with the same packages would take on the disk, in bytes: folders, and files that are its own
 * alone. Null for one that is not there.
 */
export async function sizeWithoutLinks(home: Home, commit: Commit): Promise<number | null> {
  if (findRelease(home, commit) === null) return null;
  const own = ['(', '-type', 'd', '-o', '-links', '1', ')', '-printf', '%b\n'];
  const { stdout } = await run('find', [releaseFolder(home, commit), ...own], { maxBuffer: Infinity });
  return stdout.split('\n').reduce((sum, blocks) => sum + Number(blocks) * BLOCK_BYTES, 0);
}

/** Keeps it in the manifest. The caller holds the lock. */
export function noteSize(home: Home, commit: Commit, bytes: number): void {
  const dir = releaseFolder(home, commit);
  const manifest = readManifest(dir);
  if (manifest !== null) writeManifest(dir, { ...manifest, bytes });
}

function readManifest(dir: string): Manifest | null {
  const file = `${dir}.json`;
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : null;
}

function writeManifest(dir: string, manifest: Manifest): void {
  writeAtomically(`${dir}.json`, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o644 });
}

/** Takes a release off the disk, complete or not, and what git knows of a half made one. It must not run. */
export async function removeRelease(home: Home, commit: Commit): Promise<void> {
  const dir = releaseFolder(home, commit);
  // the manifest first: what is half removed is no release
  rmSync(`${dir}.json`, { force: true });
  rmSync(indexOf(dir), { force: true });
  await rm(dir, { recursive: true, force: true });
}

/**
 * Removes what killed deployments left: release folders without a manifest, temporary files, partial module
 * stores. Whoever calls it holds the lock and has ended the survivors, so nobody is making one now.
 */
export async function removeHalfMade(home: Home): Promise<void> {
  for (const name of namesIn(home.releases)) {
    const commit = name.replace(/\.json$/, '');
    const complete = /^[0-9a-f]{40}$/.test(commit) && findRelease(home, commit) !== null;
    if (!complete) await rm(path.join(home.releases, name), { recursive: true, force: true });
  }
  for (const name of namesIn(home.modules)) {
    const store = path.join(home.modules, name);
    if (isPartial(store)) await rm(store, { recursive: true, force: true });
  }
}

function namesIn(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder);
}
