/**
 * Imports the clone's own node_modules as the first entry of the store. A user who has just run `npm install` does not
 * wait for a second one, and the first deployment needs no network.
 */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../../home/home';
import { storeCopy } from './store';
import { npmVersion } from './npm-version';
import { missingIn } from './installed';
import type { PackageFiles } from './package-files';
import { isShareable, modulesKey, readPackageFiles } from './package-files';

/**
 * Stores a copy of the clone's node_modules if they match its lockfile. Never links to the user's own files. Returns
 * whether they matched.
 */
export async function importModules(home: Home, clone: string): Promise<boolean> {
  const files = readPackageFiles(clone);
  const modules = path.join(clone, 'node_modules');
  if (!isShareable(files) || !matchesLock(files, modules)) return false;
  // checked again in the copy, because an install may have run since the first check
  return storeCopy(home, modulesKey(files, await npmVersion()), modules, (copy) => matchesLock(files, copy));
}

/**
 * Checks the packages themselves, because `npm install --package-lock-only` rewrites npm's own record,
 * node_modules/.package-lock.json, without installing. The record still proves that npm made the folder.
 */
function matchesLock(files: PackageFiles, modules: string): boolean {
  const { lock } = files;
  if (lock === null || !existsSync(path.join(modules, '.package-lock.json'))) return false;
  const installed = packagesIn(modules, 'node_modules');
  const isLocked = ({ place, compiled }: Installed): boolean => {
    const locked = lock.packages[place];
    return locked !== undefined && !(locked.hasInstallScript && compiled);
  };
  if (!installed?.every(isLocked)) return false;
  const { required, optional } = missingIn(modules, files);
  return required.length === 0 && optional.length === 0;
}

interface Installed {
  /** Its path in the lockfile: node_modules/a/node_modules/b. */
  place: string;
  /** Compiled on this machine, for the Node version installed then. */
  compiled: boolean;
}

/** Every package below a node_modules; null if a link leads out of it, for example from `npm link`. */
function packagesIn(modules: string, place: string): Installed[] | null {
  const found: Installed[] = [];
  for (const name of packageNames(modules)) {
    const folder = path.join(modules, name);
    if (!lstatSync(folder).isDirectory()) return null;
    const nested = path.join(folder, 'node_modules');
    const inner = existsSync(nested) ? packagesIn(nested, `${place}/${name}/node_modules`) : [];
    if (inner === null) return null;
    const compiled = existsSync(path.join(folder, 'build', 'Release'));
    found.push({ place: `${place}/${name}`, compiled }, ...inner);
  }
  return found;
}

function packageNames(modules: string): string[] {
  const names = readdirSync(modules).filter((name) => !name.startsWith('.'));
  return names.flatMap((name) => {
    if (!name.startsWith('@')) return [name];
    return readdirSync(path.join(modules, name)).map((inner) => `${name}/${inner}`);
  });
}
