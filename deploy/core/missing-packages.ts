/**
 * Finds the packages of a lockfile that are missing or wrong on disk. npm can exit with 0 after installing only half of
 * them, so the files themselves decide. Pure.
 */

/** A package entry of package-lock.json. */
export interface LockedPackage {
  /** Left out when it equals the last part of the path. */
  name?: string;
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  optional?: boolean;
  devOptional?: boolean;
  peer?: boolean;
  hasInstallScript?: boolean;
  /** A list; npm also takes a single name. */
  os?: string[] | string;
  cpu?: string[] | string;
  libc?: string[] | string;
}

/** A link, or a folder with this package.json; null if package.json cannot be read. */
export type InstalledPackage = 'link' | { manifest: { name?: unknown; version?: unknown } | null };

export interface Platform {
  os: string;
  cpu: string;
  libc: string;
}

export interface Installed {
  at: (place: string) => InstalledPackage | null;
  /** True for packages that node_modules/.package-lock.json, npm's own record, lists as installed. */
  isRecorded: (place: string) => boolean;
  platform: Platform;
}

export interface MissingPackages {
  /** Paths of packages that must be installed. */
  required: string[];
  /** Paths of optional packages that suit this platform. npm skips one that it cannot download or build. */
  optional: string[];
}

export function missingPackages(
  locked: Record<string, LockedPackage>,
  installed: Installed,
): MissingPackages {
  const missing: MissingPackages = { required: [], optional: [] };
  for (const [place, wanted] of Object.entries(locked)) {
    // the project itself and its workspaces are files of the commit
    if (!place.includes('node_modules/')) continue;
    const found = installed.at(place);
    const need = installed.isRecorded(place) ? 'required' : needOf(wanted, installed.platform);
    if (found === null) {
      if (need !== null) missing[need].push(place);
    } else if (!isIt(found, place, wanted)) missing.required.push(place);
  }
  return missing;
}

/** Why a package that npm does not record as installed is needed; null if npm may skip it. */
function needOf(wanted: LockedPackage, platform: Platform): keyof MissingPackages | null {
  const { optional, devOptional, peer, os, cpu, libc } = wanted;
  // npm can be set to skip peers; only optional packages may need a devOptional one
  if (!optional) return devOptional || peer ? null : 'required';
  if (!os || !cpu) return null;
  const fits = allows(os, platform.os) && allows(cpu, platform.cpu) && (!libc || allows(libc, platform.libc));
  return fits ? 'optional' : null;
}

function allows(names: string[] | string, value: string): boolean {
  const list = [names].flat();
  const refused = list.filter((entry) => entry.startsWith('!'));
  return refused.length === list.length
    ? !refused.includes(`!${value}`)
    : list.includes(value) || list.includes('any');
}

function isIt(found: InstalledPackage, place: string, wanted: LockedPackage): boolean {
  if (found === 'link' || wanted.link) return found === 'link' && wanted.link === true;
  const { manifest } = found;
  if (manifest === null) return false;
  const name = wanted.name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const isNamed = manifest.name === undefined || manifest.name === name;
  return isNamed && (wanted.version === undefined || isVersion(manifest.version, wanted.version));
}

/** npm normalizes versions in the lockfile: v1.02.0beta+7 becomes 1.2.0-beta. */
function isVersion(written: unknown, locked: string): boolean {
  return typeof written === 'string' && spelled(written) === spelled(locked);
}

function spelled(version: string): string {
  return version
    .trim()
    .replace(/^[=v\s]+/, '')
    .replace(/\+.*$/, '')
    .replace(/-/g, '')
    .replace(/(^|\.)0+(?=\d)/g, '$1');
}
