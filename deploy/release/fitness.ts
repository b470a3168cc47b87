/** Decides whether an existing release can start on this machine or must be rebuilt. */
import { readFileSync } from 'node:fs';
import type { BuildEnvironment } from '../core/build-environment';
import { whyIncompatible } from '../core/build-environment';
import type { Packing } from '../core/interfaces';
import type { Commit, Release } from '../core/release';
import type { Home } from '../home/home';
import { npmVersion } from './packages/npm-version';
import { damageIn, hasInventory } from './file-list';
import { hashInputs } from './inputs';
import { builtWith, findRelease, inputsOf, isOnDisk, releaseFolder } from './releases';

export interface FitnessContext {
  home: Home;
  packing: Pick<Packing, 'fromFolder'>;
}

/**
 * Returns why the commit's release must be rebuilt, as one clause, or null. The release must exist.
 * @param present the environment of the Node version that will start it
 */
export async function whyUnfit(
  { home, packing }: FitnessContext,
  commit: Commit,
  present?: BuildEnvironment,
): Promise<string | null> {
  // an image has its own Node
  if (!packing.fromFolder) return null;
  const built = builtWith(home, commit);
  if (built === null) return null;
  return whyIncompatible(built, present ?? (await presentEnvironment())) ?? whyDamaged(home, commit);
}

/** Why the release does not match the environment's variables, as one clause, or null. */
export function whyOtherVariables(home: Home, { commit, dir }: Release, environment: number): string | null {
  const isSame = inputsOf(home, commit) === hashInputs(home, dir, environment);
  return isSame ? null : 'the variables of its install or build have changed';
}

/** Like whyUnfit, but for a release that may be lost: its folder, manifest or image may be missing or unreadable. */
export async function whyNotStartable(
  fitting: FitnessContext & { packing: Pick<Packing, 'has'> },
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

/** The environment of a release that this process builds. */
export async function presentEnvironment(): Promise<BuildEnvironment> {
  const npm = await npmVersion().catch(() => null);
  return {
    node: process.version,
    abi: process.versions.modules,
    platform: process.platform,
    arch: process.arch,
    libc: currentLibc(),
    ...(npm !== null && { packageManager: `npm@${npm}` }),
  };
}

/** The C library of this process. */
export function currentLibc(): 'musl' | 'glibc' {
  return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl') ? 'musl' : 'glibc';
}
