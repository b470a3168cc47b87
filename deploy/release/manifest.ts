/**
 * The manifest of a commit's release: `releases/<commit>.json`. It is written last, so a folder without one was left by
 * a killed deployment.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { BuildEnvironment } from '../core/build-environment';
import type { ReleaseSize } from '../core/prune';
import type { Commit, Release } from '../core/release';
import type { Home } from '../home/home';
import { writeAtomically } from '../os/atomic-write';

/** The folder's path is missing on purpose: a home may be moved. */
export interface Manifest extends Omit<Release, 'dir'>, BuildEnvironment, Partial<ReleaseSize> {
  /** The deployment that built the commit's first release; a deployment that rebuilds it does not own it. */
  deployment?: number;
  /** The folder's name, if it is not the commit. */
  folder?: string;
  /** False until the files survive a power cut. Missing in manifests of older kits. */
  onDisk?: boolean;
  /** The number of the environment that it was built with. */
  environment?: number;
  /** A keyed hash of the variables that changed it; missing if there were none. */
  inputs?: string;
  /** The commit's earlier release with different variables, until the deployment that replaces it is over. */
  earlier?: Earlier;
}

export interface Earlier {
  /** The deployment that replaces it. */
  by: number;
  manifest: Manifest;
}

export function manifestFile(home: Pick<Home, 'releases'>, commit: Commit): string {
  return path.join(home.releases, `${commit}.json`);
}

/** Null if it is missing or broken; the release is then rebuilt. */
export function readManifest(home: Pick<Home, 'releases'>, commit: Commit): Manifest | null {
  try {
    return JSON.parse(readFileSync(manifestFile(home, commit), 'utf8')) as Manifest;
  } catch {
    return null;
  }
}

export function writeManifest(home: Pick<Home, 'releases'>, manifest: Manifest): void {
  writeAtomically(manifestFile(home, manifest.commit), `${JSON.stringify(manifest, null, 2)}\n`, {
    mode: 0o644,
  });
}
