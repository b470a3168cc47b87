/**
 * Stores releases on disk: the folder `releases/<commit>` and, beside it, its manifest. A rebuilt release gets the
 * folder `<commit>.2` and so on, because processes may still run from the previous one.
 */
import { existsSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { BuildEnvironment } from '../core/build-environment';
import type { Commit, Release } from '../core/release';
import type { Home } from '../home/home';
import { indexOf } from './checkout';
import { foldersInUse } from './folders-in-use';
import { inventoryFile } from './file-list';
import type { Earlier, Manifest } from './manifest';
import { manifestFile, readManifest, writeManifest } from './manifest';
import { isPartial } from './packages/store';
import { namesIn } from '../os/names-in';

/** The deployment that starts a release, and the environment it starts with. */
export interface Use {
  /** The deployment. */
  by: number;
  environment: number;
}

/** The inputs of a release besides its commit. */
export interface Made extends BuildEnvironment {
  deployment?: number;
  environment?: number;
  inputs?: string | undefined;
}

/** The folder of a commit's release, or the folder to build it in. */
export function releaseFolder(home: Home, commit: Commit): string {
  return path.join(home.releases, readManifest(home, commit)?.folder ?? commit);
}

/** A new folder to rebuild a release in while the previous one stays. */
export function nextFolder(home: Home, commit: Commit): string {
  const names = new Set(namesIn(home.releases));
  let number = 2;
  while (names.has(`${commit}.${number}`)) number++;
  return path.join(home.releases, `${commit}.${number}`);
}

/** The commit whose release a folder or file in `releases` belongs to. */
export function commitOfName(name: string): Commit | null {
  return /^([0-9a-f]{40})(?![0-9a-z])/.exec(name)?.[1] ?? null;
}

/**
 * The complete release of a commit, or null if it must be built.
 * @param use for a deployment that rebuilds the release with changed variables: the environment of the new one
 */
export function findRelease(home: Home, commit: Commit, use?: Use): Release | null {
  const newest = readManifest(home, commit);
  if (newest === null) return null;
  const { earlier, environment } = newest;
  const isEarlier = earlier !== undefined && earlier.by === use?.by && environment !== use.environment;
  return releaseOf(home, isEarlier ? earlier.manifest : newest);
}

function releaseOf(home: Pick<Home, 'releases'>, manifest: Manifest): Release | null {
  const { commit, version, subject, app } = manifest;
  const dir = path.join(home.releases, manifest.folder ?? commit);
  return existsSync(dir) ? { commit, version, subject, dir, app } : null;
}

/** The hash of the variables that changed the release; null if there were none. */
export function inputsOf(home: Home, commit: Commit): string | null {
  return readManifest(home, commit)?.inputs ?? null;
}

/** The environment that the release was built with; null if the release is missing. */
export function builtWith(home: Home, commit: Commit): BuildEnvironment | null {
  return readManifest(home, commit);
}

/** True if this deployment built the release and none existed before. */
export function isBuiltBy(home: Home, commit: Commit, deployment: number): boolean {
  return readManifest(home, commit)?.deployment === deployment;
}

/**
 * Marks the release as complete, so that its deployment may use it. It survives a power cut only after `recordOnDisk`.
 */
export function completeRelease(home: Home, release: Release, made: Made): void {
  const { dir, ...rest } = release;
  const folder = path.basename(dir);
  const before = readManifest(home, release.commit);
  writeManifest(home, {
    ...rest,
    ...made,
    ...(before && { deployment: before.deployment }),
    ...(folder !== release.commit && { folder }),
    ...(before && { earlier: earlierOf(before, made) }),
    onDisk: false,
  });
}

/** A release with different variables still works, so it can come back; one for another Node version cannot. */
function earlierOf({ earlier, ...before }: Manifest, { deployment, inputs }: Made): Earlier | undefined {
  if (earlier?.by === deployment) return earlier;
  const isOther = deployment !== undefined && before.inputs !== inputs;
  return isOther ? { by: deployment, manifest: before } : undefined;
}

/** True if this deployment rebuilds the commit's release with changed variables. */
export function isReplacedBy(home: Home, commit: Commit, deployment: number): boolean {
  return readManifest(home, commit)?.earlier?.by === deployment;
}

/**
 * Keeps or drops the rebuild of a release with changed variables. Returns the release to remove if that is the new one;
 * processes may still be running from the earlier one.
 * @param by the finished deployment
 */
export function settleRelease(home: Home, commit: Commit, by: number, isLive: boolean): Release | null {
  const { earlier, ...newest } = readManifest(home, commit) ?? {};
  if (earlier?.by !== by) return null;
  writeManifest(home, isLive ? (newest as Manifest) : earlier.manifest);
  return isLive ? null : releaseOf(home, newest as Manifest);
}

/** True for a release that survives a power cut, and for a missing one. */
export function isOnDisk(home: Home, commit: Commit): boolean {
  return readManifest(home, commit)?.onDisk !== false;
}

/** Records whether the files of a complete release survive a power cut. The caller holds the lock. */
export function recordOnDisk(home: Home, commit: Commit, onDisk: boolean): void {
  const manifest = readManifest(home, commit);
  if (manifest !== null) writeManifest(home, { ...manifest, onDisk });
}

/** Records the variables of a release that was packed again. The caller holds the lock. */
export function recordInputs(home: Home, commit: Commit, { environment, inputs }: Partial<Made>): void {
  const manifest = readManifest(home, commit);
  if (manifest !== null) writeManifest(home, { ...manifest, environment, inputs });
}

/** Removes a release, complete or not, with all its folders except those in which processes are running. */
export async function removeRelease(home: Home, commit: Commit): Promise<void> {
  // removes the manifest first, so that a partly removed folder does not count as a release
  rmSync(manifestFile(home, commit), { force: true });
  const used = foldersInUse(home);
  for (const name of namesIn(home.releases).filter(
    (each) => commitOfName(each) === commit && !used.has(each),
  ))
    await removeFolder(path.join(home.releases, name));
}

/** Removes one folder of a release, and git's index of a partial one. */
export async function removeFolder(dir: string): Promise<void> {
  rmSync(indexOf(dir), { force: true });
  await rm(dir, { recursive: true, force: true });
}

/** Names in `releases` that belong to no complete release and to no running process. */
export function strayNames(home: Pick<Home, 'releases'>): string[] {
  const names = namesIn(home.releases);
  const kept = new Set(
    names.filter((name) => /^[0-9a-f]{40}\.json$/.test(name)).flatMap((name) => namesOfRelease(home, name)),
  );
  const stray = names.filter((name) => !kept.has(name));
  if (stray.length === 0) return [];
  const used = foldersInUse(home);
  return stray.filter((name) => !used.has(name));
}

/** The manifest, the folders and the file lists of a commit's releases; empty if their folders are missing. */
function namesOfRelease(home: Pick<Home, 'releases'>, name: string): string[] {
  const commit = path.basename(name, '.json');
  const newest = readManifest(home, commit);
  const folders = [newest, ...(newest?.earlier ? [newest.earlier.manifest] : [])].map(
    (manifest) => manifest?.folder ?? commit,
  );
  const there = folders.filter((folder) => existsSync(path.join(home.releases, folder)));
  return there.length === 0
    ? []
    : [name, ...there.flatMap((folder) => [folder, path.basename(inventoryFile(folder))])];
}

/**
 * Removes leftovers of killed deployments: release folders without a manifest, temporary files, partial stores. The
 * caller holds the lock and has killed surviving processes, so none of these is still being written.
 */
export async function removeHalfMade(home: Home): Promise<void> {
  for (const name of strayNames(home))
    await rm(path.join(home.releases, name), { recursive: true, force: true });
  for (const name of namesIn(home.modules)) {
    const store = path.join(home.modules, name);
    if (isPartial(store)) await rm(store, { recursive: true, force: true });
  }
}
