/**
 * Releases on disk: the folder `releases/<commit>` and, beside it, the manifest `<commit>.json`. The manifest
 * is written last, so a folder without one is what a killed deployment left.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Commit, Release } from '../core/types';
import type { Home } from '../home';
import { isPartial } from './modules-store';

/** The folder is not in it: a home may be moved. */
interface Manifest extends Omit<Release, 'dir'> {
  /** Node's version that built it, for a person who looks for the reason of a failing native module. */
  node: string;
}

/** Where the release of a commit is made and stays. */
export function releaseFolder(home: Home, commit: Commit): string {
  return path.join(home.releases, commit);
}

/** The complete release of a commit, or null when it has to be made. */
export function findRelease(home: Home, commit: Commit): Release | null {
  const dir = releaseFolder(home, commit);
  const file = `${dir}.json`;
  if (!existsSync(file) || !existsSync(dir)) return null;
  const { version, subject, app } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  return { commit, version, subject, dir, app };
}

/** Declares the release complete. It is on the disk before its name is: a power cut leaves all or nothing. */
export async function completeRelease(home: Home, release: Release): Promise<void> {
  const { dir, ...rest } = release;
  const manifest: Manifest = { ...rest, node: process.version };
  const fresh = `${dir}.json.new`;
  const file = await open(fresh, 'w');
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  renameSync(fresh, `${dir}.json`);
}

/** Takes a release off the disk, complete or not. It must not run. */
export async function removeRelease(home: Home, commit: Commit): Promise<void> {
  const dir = releaseFolder(home, commit);
  // the manifest first: what is half removed is no release
  rmSync(`${dir}.json`, { force: true });
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
