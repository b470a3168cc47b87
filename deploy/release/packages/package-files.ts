/** What a folder's package.json and lockfile say about its node_modules, and by which key they can be shared. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KnownError } from '../../core/errors';
import type { LockedPackage } from '../../core/lacking-packages';

const DEPENDENCY_FIELDS = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'bundleDependencies',
  'overrides',
  'workspaces',
] as const;

/** The scripts of the project itself that `npm ci` runs. */
const INSTALL_SCRIPTS = [
  'preinstall',
  'install',
  'postinstall',
  'prepublish',
  'preprepare',
  'prepare',
  'postprepare',
];

const LOCKFILES = ['npm-shrinkwrap.json', 'package-lock.json'] as const;
/** All that decides which packages a project has. */
export const PACKAGE_FILES = ['package.json', ...LOCKFILES, '.npmrc'] as const;

type Manifest = Partial<Record<(typeof DEPENDENCY_FIELDS)[number], object>> & {
  scripts?: Record<string, string>;
};

export interface PackageFiles {
  manifest: Manifest;
  /** Null when there is none. */
  lock: { text: string; packages: Record<string, LockedPackage> } | null;
  /** The project's .npmrc, or empty. */
  npmrc: string;
}

/** Reads them. Throws E_INSTALL when package.json is missing or one of them is not JSON. */
export function readPackageFiles(folder: string): PackageFiles {
  return packageFiles((name) => textOf(folder, name));
}

/** The same, wherever they stand. @param textOf the text of a file at the top of the project, null for none */
export function packageFiles(textOf: (name: string) => string | null): PackageFiles {
  const manifest = textOf('package.json');
  if (manifest === null) {
    throw new KnownError('E_INSTALL', 'This commit has no package.json.', 'Commit one: npm init -y');
  }
  // npm prefers the shrinkwrap, as we must
  const [lockName, lock] = LOCKFILES.map((name) => [name, textOf(name)] as const).find(
    ([, text]) => text !== null,
  ) ?? ['', null];
  const parsed =
    lock === null ? null : (parse(lock, lockName) as { packages?: Record<string, LockedPackage> });
  return {
    manifest: parse(manifest, 'package.json') as Manifest,
    lock: lock === null ? null : { text: lock, packages: parsed?.packages ?? {} },
    npmrc: textOf('.npmrc') ?? '',
  };
}

/** True when `npm ci` would have something to do. */
export function hasDependencies({ manifest }: PackageFiles): boolean {
  return (
    DEPENDENCY_FIELDS.some((field) => Object.keys(manifest[field] ?? {}).length > 0) || runsScripts(manifest)
  );
}

/**
 * True when the node_modules depend on nothing but the key. Not so when the project's own scripts run at
 * install, since they may read and write any file of the commit; and not with workspaces or linked folders,
 * which have a node_modules of their own.
 */
export function isShareable({ manifest, lock }: PackageFiles): boolean {
  const places = Object.keys(lock?.packages ?? {}).filter((place) => place !== '');
  return (
    places.length > 0 && places.every((place) => place.startsWith('node_modules/')) && !runsScripts(manifest)
  );
}

/** Another name for stores whose content was not compared with the lockfile, as older kits made them. */
const CHECKED = 'checked';

/** The same key, the same node_modules. @param npm npm's version */
export function modulesKey({ manifest, lock, npmrc }: PackageFiles, npm: string): string {
  const fields = DEPENDENCY_FIELDS.map((field) => manifest[field] ?? null);
  const machine = [process.version, npm, process.platform, process.arch];
  // `npm version` writes the project's own version into the lockfile too, which installs nothing else
  const locked = Object.entries(lock?.packages ?? {}).filter(([place]) => place !== '');
  const text = JSON.stringify([CHECKED, fields, locked, npmrc, machine]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function runsScripts(manifest: Manifest): boolean {
  return INSTALL_SCRIPTS.some((script) => manifest.scripts?.[script] !== undefined);
}

function textOf(folder: string, name: string): string | null {
  const file = path.join(folder, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new KnownError('E_INSTALL', `${name} is not valid JSON: ${why}`);
  }
}
