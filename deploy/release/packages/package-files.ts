/** Reads package.json and lockfile, and computes the key under which node_modules can be shared. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { KnownError } from '../../core/errors';
import { isObject, parseJson } from '../../core/json';
import type { LockedPackage } from '../../core/missing-packages';
import { textOf } from '../../os/text-of';

const DEPENDENCY_FIELDS = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'bundleDependencies',
  'overrides',
  'workspaces',
] as const;

/** The project's own scripts that `npm ci` runs. */
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
/** All files that decide which packages a project has. */
export const PACKAGE_FILES = ['package.json', ...LOCKFILES, '.npmrc'] as const;

type Manifest = Partial<Record<(typeof DEPENDENCY_FIELDS)[number], object>> & {
  scripts?: Record<string, string>;
};

export interface PackageFiles {
  manifest: Manifest;
  /** Null if there is none. */
  lock: { text: string; packages: Record<string, LockedPackage> } | null;
  /** The project's .npmrc, or an empty string. */
  npmrc: string;
}

/** Reads these files. Throws E_INSTALL if package.json is missing or a file is not JSON. */
export function readPackageFiles(folder: string): PackageFiles {
  return packageFiles((name) => textOf(path.join(folder, name)));
}

/** Does the same for any place. @param textIn returns the text of a file at the project's root, or null */
export function packageFiles(textIn: (name: string) => string | null): PackageFiles {
  const manifest = textIn('package.json');
  if (manifest === null) {
    throw new KnownError('E_INSTALL', 'This commit has no package.json.', 'Commit one: npm init -y');
  }
  // npm prefers the shrinkwrap
  const [lockName, lock] = LOCKFILES.map((name) => [name, textIn(name)] as const).find(
    ([, text]) => text !== null,
  ) ?? ['', null];
  return {
    manifest: objectIn(manifest, 'package.json', 'Put an object into it, such as {"name": "app"}.'),
    lock: lock === null ? null : { text: lock, packages: packagesIn(lock, lockName) },
    npmrc: textIn('.npmrc') ?? '',
  };
}

/** True if `npm ci` would have something to do. */
export function hasDependencies({ manifest }: PackageFiles): boolean {
  return (
    DEPENDENCY_FIELDS.some((field) => Object.keys(manifest[field] ?? {}).length > 0) || runsScripts(manifest)
  );
}

/**
 * True if node_modules depends only on the key. False if the project's own scripts run at install, because they may
 * read and write any file of the commit. Also false with workspaces or linked folders, which have their own
 * node_modules.
 */
export function isShareable({ manifest, lock }: PackageFiles): boolean {
  const places = Object.keys(lock?.packages ?? {}).filter((place) => place !== '');
  return (
    places.length > 0 && places.every((place) => place.startsWith('node_modules/')) && !runsScripts(manifest)
  );
}

/** Distinguishes these keys from those of older kits, which did not compare stores with the lockfile. */
const CHECKED = 'checked';

/**
 * The same key means the same node_modules.
 * @param npm npm's version
 * @param variables a hash of the install's variables that change the packages, or null
 */
export function modulesKey(
  { manifest, lock, npmrc }: PackageFiles,
  npm: string,
  variables: string | null = null,
): string {
  const fields = DEPENDENCY_FIELDS.map((field) => manifest[field] ?? null);
  const machine = [process.version, npm, process.platform, process.arch];
  // `npm version` also writes the project's own version into the lockfile, which changes no package
  const locked = Object.entries(lock?.packages ?? {}).filter(([place]) => place !== '');
  const text = JSON.stringify([
    CHECKED,
    fields,
    locked,
    npmrc,
    machine,
    ...(variables === null ? [] : [variables]),
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function runsScripts(manifest: Manifest): boolean {
  return INSTALL_SCRIPTS.some((script) => manifest.scripts?.[script] !== undefined);
}

/** The packages of a lockfile; none in the oldest format, which has no such list. */
function packagesIn(text: string, name: string): Record<string, LockedPackage> {
  const hint = `Move it away and create a new one: npm install --package-lock-only`;
  const { packages = {} } = objectIn(text, name, hint);
  if (isObject(packages) && Object.values(packages).every(isObject))
    return packages as Record<string, LockedPackage>;
  throw new KnownError('E_INSTALL', `"packages" in ${name} is not a list of packages.`, hint);
}

function objectIn(text: string, name: string, hint: string): Record<string, unknown> {
  const value = parse(text, name);
  if (isObject(value)) return value;
  throw new KnownError('E_INSTALL', `${name} is valid JSON, but not an object.`, hint);
}

function parse(text: string, name: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new KnownError('E_INSTALL', `${name} is not valid JSON: ${why}`);
  }
}
