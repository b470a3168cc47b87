/** Turns a commit into a release: check out, install, test, build or pack. It knows nothing about strategies. */
import { existsSync, mkdirSync } from 'node:fs';
import { variablesFor } from '../config/app-environment';
import type { Packing } from '../core/interfaces';
import type { PhaseName } from '../core/event';
import type { AppSettings, Commit, Release } from '../core/release';
import { describe } from '../git/mirror-commits';
import type { SettingsReader } from './app-settings';
import { openSettingsReader } from './app-settings';
import type { Installed } from './packages/install';
import { installModules } from './packages/install';
import { runTests } from './app-commands';
import { phaseFailure, phase, skip } from '../journal/phase';
import { takePreparedCheckout } from './checkout-cache';
import { presentEnvironment, whyOtherVariables, whyUnfit } from './fitness';
import { hashInputs } from './inputs';
import type { CommitSource } from './repaired-checkout';
import { checkOutRepaired } from './repaired-checkout';
import type { Made } from './releases';
import { nodeMismatch } from './wanted-node';
import {
  completeRelease,
  findRelease,
  nextFolder,
  recordInputs,
  recordOnDisk,
  releaseFolder,
  removeFolder,
  removeRelease,
} from './releases';

export interface Preparation extends CommitSource {
  deploymentId: number;
  packing: Packing;
  /** A reader for the commit's settings, if one has already been started. */
  settings?: SettingsReader | null;
  /** The number of the environment whose variables the install and the build get. */
  environment: number;
  /** True to rebuild a release that was built with different variables. */
  exactly: boolean;
  /** Seconds. */
  limits: { install: number; test: number; build: number };
}

const PHASES = ['check out', 'install', 'test', 'build'] as const satisfies PhaseName[];

/**
 * Returns the commit's release, and builds it if it is missing or does not fit this machine. A failure leaves no
 * partial release, only the log.
 * Throws E_REF, E_CHECKOUT, E_INSTALL, E_INSTALL_MACHINE, E_ENV, E_CONFIG, E_TEST, E_BUILD, E_IMAGE, E_ENGINE,
 * E_TIMEOUT, E_DISK, and the signal's reason.
 */
export async function prepareRelease(work: Preparation): Promise<Release> {
  const { home, commit, packing } = work;
  const built = findRelease(home, commit);
  const unfit = built && ((await whyUnfit(work, commit)) ?? whyNotExact(work, built));
  // processes may be running from the previous folder, and a failed rebuild keeps it
  if (!built) await removeRelease(home, commit);
  const mayStand = unfit !== null || (!built && existsSync(releaseFolder(home, commit)));
  const fresh = mayStand ? nextFolder(home, commit) : releaseFolder(home, commit);
  try {
    if (unfit !== null) await work.report({ type: 'note', message: `it is built again: ${unfit}` });
    if (!built || unfit !== null) return await makeRelease(work, fresh);
    if (await packing.has(built)) await skip(work, PHASES);
    else await packAgain(work, built);
    return built;
  } catch (error) {
    if (!built) await removeRelease(home, commit);
    else if (unfit !== null) await removeFolder(fresh);
    throw phaseFailure(error, work.signal);
  }
}

function whyNotExact({ home, environment, exactly }: Preparation, built: Release): string | null {
  return exactly ? whyOtherVariables(home, built, environment) : null;
}

async function makeRelease(work: Preparation, dir: string): Promise<Release> {
  const { home, deploymentId } = work;
  mkdirSync(home.logs, { recursive: true });
  await removeFolder(dir);
  mkdirSync(dir, { recursive: true });
  const earlier = takePreparedCheckout(home, dir);
  const settings = work.settings ?? openSettingsReader(home, deploymentId);
  try {
    const release = await makeIn(dir, earlier, work, settings);
    if (release !== null) return release;
  } finally {
    settings.close();
  }
  // results with changed packages are not evidence about the commit, and tests may have left files anywhere: start over
  const message = 'the stored packages were changed: the release is rebuilt with new ones';
  await work.report({ type: 'warning', message });
  return makeRelease({ ...work, settings: null }, dir);
}

/** Null if the packages turned out to have been changed. @param earlier the commit whose files the folder has */
async function makeIn(
  dir: string,
  earlier: Commit | null,
  work: Preparation,
  settings: SettingsReader,
): Promise<Release | null> {
  const { home, commit, packing, deploymentId } = work;
  await phase(work, 'check out', async () => {
    const warnings = await checkOutRepaired(work, dir, earlier);
    // an image has its own Node version
    const node = packing.fromFolder ? nodeMismatch(dir) : null;
    for (const message of [...warnings, ...(node === null ? [] : [node])])
      await work.report({ type: 'warning', message });
  });
  // read while the tests run
  const described = describe(home, commit);
  described.catch(() => undefined);
  const environment = presentEnvironment();
  const app = await tested(work, dir, settings);
  if (app === null) return null;

  const { subject, version } = await described;
  const release: Release = { commit, version, subject, dir, app };
  await phase(work, 'build', () => packing.pack(release, deploymentId, work.environment));
  completeRelease(home, release, { ...(await environment), ...madeBy(work, dir) });
  return release;
}

function madeBy({ home, deploymentId, environment }: Preparation, dir: string): Partial<Made> {
  const inputs = hashInputs(home, dir, environment) ?? undefined;
  return { deployment: deploymentId, environment, inputs };
}

/**
 * Installs the packages, reads the commit's settings, and runs its tests. An image installs its own packages, so
 * without tests the install is skipped. Null if the packages turned out to have been changed.
 */
async function tested(work: Preparation, dir: string, settings: SettingsReader): Promise<AppSettings | null> {
  // a deploy.config.js may not be readable before its packages are installed
  const early = work.packing.fromFolder ? null : await settings.read(dir).catch(() => null);
  if (early?.test === null) {
    await skip(work, ['install'], 'in the image');
    return runsItsTests(work, dir, early);
  }
  const { intact } = await install(work, dir);
  const read = early === null ? settings.read(dir) : Promise.resolve(early);
  const [result] = await Promise.allSettled([read.then((app) => runsItsTests(work, dir, app))]);
  if (!(await intact)) return null;
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

async function runsItsTests(work: Preparation, dir: string, app: AppSettings): Promise<AppSettings> {
  const { home, deploymentId, limits } = work;
  await phase(work, 'test', () => runTests({ home, dir, deploymentId, limits }, app));
  return app;
}

function install(work: Preparation, dir: string): Promise<Installed> {
  const { home, root, deploymentId, limits } = work;
  const variables = variablesFor(home, work.environment, 'install');
  const does = (): Promise<Installed> =>
    installModules({ home, root, dir, deploymentId, limitSeconds: limits.install, variables });
  return phase(work, 'install', does, ({ origin, instead }) =>
    instead ? `${ORIGINS[origin]}: ${instead}` : ORIGINS[origin],
  );
}

/** Repeats the install until the packages are unchanged; for callers that do not use them in parallel. */
async function installWhole(work: Preparation, dir: string): Promise<void> {
  const { intact } = await install(work, dir);
  if (!(await intact)) await installWhole(work, dir);
}

/** Packs a commit that is checked out and tested, if its image is gone or it was built for another runtime. */
async function packAgain(work: Preparation, built: Release): Promise<void> {
  await skip(work, ['check out']);
  recordOnDisk(work.home, built.commit, false);
  if (work.packing.fromFolder) await installWhole(work, built.dir);
  else await skip(work, ['install']);
  await skip(work, ['test']);
  await phase(work, 'build', () => work.packing.pack(built, work.deploymentId, work.environment));
  recordInputs(work.home, built.commit, madeBy(work, built.dir));
}

/** The journal's names for the origins of node_modules. */
const ORIGINS = {
  none: 'no dependencies',
  store: 'same packages as before',
  clone: "the clone's packages",
  'npm ci': 'npm ci',
} as const;
