/**
 * Which packages of a lockfile are not installed as it says. npm has ended without an error and without half of them,
 * so what is on the disk counts. Pure.
 */

/** A package as package-lock.json names it. */
export interface LockedPackage {
  /** Left out where it is the last part of its place. */
  name?: string;
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  optional?: boolean;
  devOptional?: boolean;
  peer?: boolean;
  hasInstallScript?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}

/** What lies at a package's place: a link, or a folder with this package.json; null for one that cannot be read. */
export type InstalledPackage = 'link' | { manifest: { name?: unknown; version?: unknown } | null };

export interface Platform {
  os: string;
  cpu: string;
  libc: string;
}

export interface Installed {
  at: (place: string) => InstalledPackage | null;
  /** True for what npm's own record, node_modules/.package-lock.json, says is installed. */
  isRecorded: (place: string) => boolean;
  platform: Platform;
}

export interface Lacking {
  /** Places of packages that must be there. */
  required: string[];
  /** Places of optional packages that suit this platform. npm leaves one out when it cannot be fetched or built. */
  optional: string[];
}

export function lackingPackages(locked: Record<string, LockedPackage>, installed: Installed): Lacking {
  const lacking: Lacking = { required: [], optional: [] };
  for (const [place, wanted] of Object.entries(locked)) {
    // the project itself and its workspaces are files of the commit
    if (!place.includes('node_modules/')) continue;
    const found = installed.at(place);
    const need = installed.isRecorded(place) ? 'required' : needOf(wanted, installed.platform);
    if (found === null) {
      if (need !== null) lacking[need].push(place);
    } else if (!isIt(found, place, wanted)) lacking.required.push(place);
  }
  return lacking;
}

/** How a package that npm does not say it has installed is needed; null for one that it may leave out. */
function needOf(wanted: LockedPackage, platform: Platform): keyof Lacking | null {
  const { optional, devOptional, peer, os, cpu, libc } = wanted;
  // a setting of npm's leaves out peers; devOptional may be needed by optional packages alone
  if (!optional) return devOptional || peer ? null : 'required';
  if (!os || !cpu) return null;
  const fits = allows(os, platform.os) && allows(cpu, platform.cpu) && (!libc || allows(libc, platform.libc));
  return fits ? 'optional' : null;
}

function allows(list: string[], value: string): boolean {
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

/** npm writes a version into the lockfile in its strict spelling: v1.02.0beta+7 is 1.2.0-beta there. */
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
