/** Measures the disk space of releases, and keeps the results in their manifests. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ReleaseSize } from '../core/prune';
import type { Commit } from '../core/release';
import type { Home } from '../home/home';
import { readManifest, writeManifest } from './manifest';
import { findRelease, releaseFolder } from './releases';

const run = promisify(execFile);

/** The unit of find's %b, whatever the block size of the file system is. */
const BLOCK_BYTES = 512;

/** The disk space of the release, in bytes; null if it is missing or was never measured. */
export function sizeOfRelease(home: Home, commit: Commit): number | null {
  return readManifest(home, commit)?.bytes ?? null;
}

/** The disk space of the release with and without shared files; null if it is missing or was not measured this way. */
export function recordedSize(home: Home, commit: Commit): ReleaseSize | null {
  const { bytes, ownBytes } = readManifest(home, commit) ?? {};
  return bytes === undefined || ownBytes === undefined ? null : { bytes, ownBytes };
}

/** Measures the disk space of a release at low priority, in a few hundred milliseconds. Null if it is missing. */
export async function measureRelease(home: Home, commit: Commit): Promise<ReleaseSize | null> {
  const { stdout } = await run('nice', ['du', '-sk', '--', releaseFolder(home, commit)]);
  const bytes = parseInt(stdout, 10) * 1024;
  const ownBytes = await sizeWithoutLinks(home, commit);
  return ownBytes === null ? null : { bytes, ownBytes: Math.min(ownBytes, bytes) };
}

/**
 * The disk space that another release with the same packages would take, in bytes: its folders, and the files that it
 * shares with no other. Null if the release is missing.
 */
export async function sizeWithoutLinks(home: Home, commit: Commit): Promise<number | null> {
  if (findRelease(home, commit) === null) return null;
  const own = ['(', '-type', 'd', '-o', '-links', '1', ')', '-printf', '%b\n'];
  const argv = ['find', releaseFolder(home, commit), ...own];
  const { stdout } = await run('nice', argv, { maxBuffer: Infinity });
  return stdout.split('\n').reduce((sum, blocks) => sum + Number(blocks) * BLOCK_BYTES, 0);
}

/** Records the size in the manifest. The caller holds the lock. */
export function recordSize(home: Home, commit: Commit, size: ReleaseSize): void {
  const manifest = readManifest(home, commit);
  if (manifest !== null) writeManifest(home, { ...manifest, ...size });
}
