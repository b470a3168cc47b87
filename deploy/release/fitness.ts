/** Can a release that was built before be started here and now, or must it be built again? */
import { readFileSync } from 'node:fs';
import type { BuildEnvironment } from '../core/build-environment';
import { whyForeign } from '../core/build-environment';
import type { Packing } from '../core/interfaces';
import type { Commit } from '../core/release';
import type { Home } from '../home/home';
import { npmVersion } from './packages/npm-version';
import { damageIn, hasInventory } from './file-list';
import { builtWith, findRelease, isOnDisk, releaseFolder } from './releases';

export interface Fitting {
  home: Home;
  packing: Pick<Packing, 'fromFolder'>;
}

/**
 * One clause that says why the release of a commit must be built again, or null. The release must be there.
 * @param present of the Node that will start it
 */
export async function whyUnfit(
  { home, packing }: Fitting,
  commit: Commit,
  present?: BuildEnvironment,
): Promise<string | null> {
  // an image has a Node of its own
  if (!packing.fromFolder) return null;
  const built = builtWith(home, commit);
  if (built === null) return null;
  return whyForeign(built, present ?? (await presentEnvironment())) ?? whyDamaged(home, commit);
}

/** The same for a release that may be lost: its folder, its manifest or its image is gone or cannot be read. */
export async function whyNotStartable(
  fitting: Fitting & { packing: Pick<Packing, 'has'> },
  commit: Commit,
): Promise<string | null> {
  const release = findRelease(fitting.home, commit);
  if (release === null) return 'its files are gone';
  const { fromFolder, has } = fitting.packing;
  return fromFolder || (await has(release)) ? whyUnfit(fitting, commit) : 'its image is gone';
}

async function whyDamaged(home: Home, commit: Commit): Promise<string | null> {
  const folder = releaseFolder(home, commit);
  if (!isOnDisk(home, commit) && !hasInventory(folder)) return 'it was not completely on the disk';
  return damageIn(folder);
}

/** What a release built by this process is built with. */
export async function presentEnvironment(): Promise<BuildEnvironment> {
  const npm = await npmVersion().catch(() => null);
  return {
    node: process.version,
    abi: process.versions.modules,
    platform: process.platform,
    arch: process.arch,
    libc: ownLibc(),
    ...(npm !== null && { packageManager: `npm@${npm}` }),
  };
}

/** The C library that this process is linked with. */
export function ownLibc(): 'musl' | 'glibc' {
  return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl') ? 'musl' : 'glibc';
}
