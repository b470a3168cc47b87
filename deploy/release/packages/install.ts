/** Installs a release's node_modules: from the store, from the clone, or by `npm ci`. */
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { redactorOf, variablesFor } from '../../config/app-environment';
import type { Commit } from '../../core/release';
import { fileIn } from '../../git/mirror-commits';
import type { Home } from '../../home/home';
import { deploymentLog, runCommand } from '../../os/command';
import { importModules } from './import-from-clone';
import { incomplete, installFailure, noLockfile } from './install-failure';
import { inWords, missingIn } from './installed';
import { hasStore, isPartial, storeModules, takeModules } from './store';
import { npmVersion } from './npm-version';
import type { PackageFiles } from './package-files';
import {
  PACKAGE_FILES,
  hasDependencies,
  isShareable,
  modulesKey,
  packageFiles,
  readPackageFiles,
} from './package-files';
import { takePrelinked } from './prelink';
import { hashInstallInputs, npmrcIn, unsetForInstall } from '../inputs';

export { importModules } from './import-from-clone';

export interface Installation {
  home: Home;
  /** The clone, whose own node_modules may be used. */
  root: string;
  /** The release's folder. */
  dir: string;
  deploymentId: number;
  limitSeconds: number;
  /** The variables of the phase `install`. */
  variables: Record<string, string>;
}

/** Where the node_modules came from. */
export type Origin = 'none' | 'store' | 'clone' | 'npm ci';

export interface Installed {
  origin: Origin;
  /** Why they were installed although they were stored. */
  instead?: string;
  /** Resolves later; false if the packages were changed, so that everything done with them must be repeated. */
  intact: Promise<boolean>;
}

/** Installs the packages that the lockfile names. Throws E_INSTALL and what installFailure returns, E_NO_NPM. */
export async function installModules(work: Installation): Promise<Installed> {
  const files = readPackageFiles(work.dir);
  if (!hasDependencies(files)) return whole('none');
  if (files.lock === null) throw noLockfile(readdirSync(work.dir));
  // npm would empty the folder, and a committed link would lead npm and our hard links out of the release
  await rm(path.join(work.dir, 'node_modules'), { recursive: true, force: true });
  if (!isShareable(files)) return whole(await npmCi(work, files));

  const { home, dir } = work;
  const key = await keyOf(home, files, work.variables);
  const hadStore = hasStore(home, key);
  const ready = takePrelinked(home, key, dir);
  if (ready) return { origin: 'store', ...ready };
  if (await takeModules(home, key, dir)) return whole('store');
  // the clone's packages were installed without these variables
  const isPlain = hashInstallInputs(home, files.npmrc, work.variables) === null;
  if (isPlain && (await adopt(work)) && (await takeModules(home, key, dir))) return whole('clone');
  await npmCi(work, files);
  const isWhole = (copy: string): boolean => missingIn(copy, files).required.length === 0;
  await storeModules(home, key, dir, isWhole);
  return { ...whole('npm ci'), ...(hadStore && { instead: 'the stored packages were damaged' }) };
}

/** For packages that have already been checked, or just been installed. */
function whole(origin: Origin): Installed {
  return { origin, intact: Promise.resolve(true) };
}

/** The store's key of a commit's packages. @param variables those of the phase `install` */
export async function keyOf(
  home: Home,
  files: PackageFiles,
  variables: Record<string, string>,
): Promise<string> {
  return modulesKey(files, await npmVersion(), hashInstallInputs(home, files.npmrc, variables));
}

/**
 * True if a commit's packages are stored, so that its release only links them. The commit need not be checked out.
 * @param environment number of the environment whose variables the install gets
 */
export async function hasPackagesOf(home: Home, commit: Commit, environment: number): Promise<boolean> {
  try {
    const variables = variablesFor(home, environment, 'install');
    const texts = new Map<string, string | null>();
    for (const name of PACKAGE_FILES) texts.set(name, await fileIn(home, commit, name));
    const files = packageFiles((name) => texts.get(name) ?? null);
    if (!hasDependencies(files)) return true;
    const store = path.join(home.modules, await keyOf(home, files, variables));
    return isShareable(files) && !isPartial(store);
  } catch {
    // the deployment itself reports faults in these files
    return false;
  }
}

/** Ignores any failure: the clone's packages are only a shortcut. */
async function adopt({ home, root }: Installation): Promise<boolean> {
  try {
    return await importModules(home, root);
  } catch {
    return false;
  }
}

/** Runs npm a second time if it left out packages without an error, which happens. */
async function npmCi(work: Installation, files: PackageFiles): Promise<'npm ci'> {
  const modules = path.join(work.dir, 'node_modules');
  await runNpmCi(work, files);
  const { required, optional } = missingIn(modules, files);
  if (required.length + optional.length === 0) return 'npm ci';
  await rm(modules, { recursive: true, force: true });
  await runNpmCi(work, files);
  // an optional package that npm leaves out twice is not available on this machine
  const missing = missingIn(modules, files).required;
  if (missing.length > 0) throw incomplete(inWords(missing, files));
  return 'npm ci';
}

async function runNpmCi(
  { home, dir, deploymentId, limitSeconds, variables }: Installation,
  files: PackageFiles,
): Promise<void> {
  const result = await runCommand({
    // tests and builds need the development packages, whatever NODE_ENV and .npmrc say
    argv: ['npm', 'ci', '--include=dev', '--no-audit', '--no-fund', '--no-progress', '--no-update-notifier'],
    cwd: dir,
    env: { ...keysFor(files), ...variables },
    redact: redactorOf(home),
    logFile: deploymentLog(home, deploymentId),
    timeoutSeconds: limitSeconds,
    lowPriority: true,
    deploymentId,
    // npm prints its whole usage after the reason
    keepLines: 300,
  });
  if (result.timedOut || result.exitCode !== 0) {
    const limit = { seconds: limitSeconds, name: 'limits.install' };
    throw installFailure(result, limit, unsetForInstall([npmrcIn(dir)], variables));
  }
}

/** Passes the user's SSH agent only if npm fetches packages by git over SSH. */
function keysFor({ lock }: PackageFiles): Record<string, string> {
  const { SSH_AUTH_SOCK } = process.env;
  return SSH_AUTH_SOCK && lock?.text.includes('git+ssh://') ? { SSH_AUTH_SOCK } : {};
}
