/** Compares the packages in a node_modules with the lockfile. */
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { InstalledPackage, MissingPackages, LockedPackage } from '../../core/missing-packages';
import { parseJson } from '../../core/json';
import { missingPackages } from '../../core/missing-packages';
import type { PackageFiles } from './package-files';
import { currentLibc } from '../fitness';

const NOTHING: MissingPackages = { required: [], optional: [] };

/** Lists the packages of the lockfile that are missing. @param modules the path of the project's node_modules */
export function missingIn(modules: string, { lock, npmrc }: PackageFiles): MissingPackages {
  // install-strategy=linked does not use the lockfile's paths
  if (lock === null || existsSync(path.join(modules, '.store'))) return NOTHING;
  const recorded = recordOf(modules);
  const top = path.dirname(modules);
  // a lockfile of npm 6 has no paths, so this checks the packages that npm recorded as installed
  const isOld = Object.keys(lock.packages).length === 0;
  const missing = missingPackages(isOld ? (recorded ?? {}) : lock.packages, {
    at: (place) => packageAt(inTop(top, modules, place)),
    isRecorded: (place) => recorded?.[place] !== undefined,
    platform: { os: process.platform, cpu: process.arch, libc: currentLibc() },
  });
  const leavesOut = /^\s*(omit|os|cpu|libc)(\[\])?\s*=/m.test(npmrc);
  return leavesOut ? { ...missing, optional: [] } : missing;
}

/** Names the first package for an error message, and how many more there are. */
export function inWords(places: string[], { lock }: PackageFiles): string {
  const [first = '', ...others] = places;
  const version = lock?.packages[first]?.version;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `${first}${version ? ` (${version})` : ''}${more}`;
}

/** The folder of a copy may have another name than `node_modules`, which the lockfile's paths start with. */
function inTop(top: string, modules: string, place: string): string {
  const prefix = 'node_modules/';
  return place.startsWith(prefix) ? path.join(modules, place.slice(prefix.length)) : path.join(top, place);
}

function packageAt(folder: string): InstalledPackage | null {
  try {
    const found = lstatSync(folder);
    // a broken link is not a package
    if (found.isSymbolicLink()) return existsSync(folder) ? 'link' : null;
    return { manifest: manifestIn(folder) };
  } catch {
    return null;
  }
}

function manifestIn(folder: string): { name?: unknown; version?: unknown } | null {
  try {
    return parseJson(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version?: unknown };
  } catch {
    return null;
  }
}

function recordOf(modules: string): Record<string, LockedPackage> | null {
  try {
    const text = readFileSync(path.join(modules, '.package-lock.json'), 'utf8');
    return (JSON.parse(text) as { packages?: Record<string, LockedPackage> }).packages ?? null;
  } catch {
    return null;
  }
}
