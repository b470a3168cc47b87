/**
 * The clone's own node_modules as the first entry of the store: who has just run `npm install` need not wait
 * for it again, and the first deployment needs no network.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../home';
import { storeCopy } from './modules-store';
import { npmVersion } from './npm-version';
import type { LockedPackage, PackageFiles } from './package-files';
import { isShareable, modulesKey, readPackageFiles } from './package-files';

/**
 * Stores a copy, never links into a person's files, of the clone's node_modules if they are what its lockfile
 * says. Returns whether they were.
 */
export async function adoptModules(home: Home, clone: string): Promise<boolean> {
  const files = readPackageFiles(clone);
  const modules = path.join(clone, 'node_modules');
  if (!isShareable(files) || !matchesLock(files, modules)) return false;
  // looked at again in the copy: an install may have run while it was made
  return storeCopy(home, modulesKey(files, await npmVersion()), modules, (copy) => matchesLock(files, copy));
}

/** npm notes in node_modules/.package-lock.json what it has installed there. */
function matchesLock({ lock }: PackageFiles, modules: string): boolean {
  const hidden = path.join(modules, '.package-lock.json');
  if (lock === null || !existsSync(hidden)) return false;
  const installed =
    (JSON.parse(readFileSync(hidden, 'utf8')) as { packages?: Record<string, LockedPackage> }).packages ?? {};
  const wanted = Object.entries(lock.packages).filter(([place]) => place !== '');
  return (
    wanted.every(([place, locked]) => isInstalled(locked, installed[place])) &&
    Object.keys(installed).every((place) => lock.packages[place] !== undefined) &&
    Object.entries(installed).every(([place, { hasInstallScript }]) =>
      suits(path.dirname(modules), place, hasInstallScript),
    ) &&
    !hasLinks(modules)
  );
}

function isInstalled(locked: LockedPackage, installed: LockedPackage | undefined): boolean {
  // packages for other platforms are locked, and not installed
  if (!installed) return locked.optional === true || locked.devOptional === true;
  return locked.version === installed.version && locked.integrity === installed.integrity;
}

/** Present, and not compiled on this machine: that could have been for another version of Node. */
function suits(root: string, place: string, hasInstallScript = false): boolean {
  const folder = path.join(root, place);
  return existsSync(folder) && !(hasInstallScript && existsSync(path.join(folder, 'build', 'Release')));
}

/** `npm link` leads out of the folder, to something no lockfile knows. */
function hasLinks(modules: string): boolean {
  return readdirSync(modules, { withFileTypes: true }).some((entry) => {
    if (entry.isSymbolicLink()) return true;
    if (!entry.name.startsWith('@')) return false;
    return readdirSync(path.join(modules, entry.name), { withFileTypes: true }).some((inner) =>
      inner.isSymbolicLink(),
    );
  });
}
