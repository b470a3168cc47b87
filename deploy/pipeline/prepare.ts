/** Makes a commit into a release: check out, install, test, build. It knows nothing of strategies. */
import { mkdirSync } from 'node:fs';
import { KnownError, asKnown } from '../core/errors';
import type { Commit, Entry, PhaseName, Release } from '../core/types';
import { describe } from '../git/mirror';
import type { Home } from '../home';
import { readAppSettings } from './app-settings';
import { checkOut } from './check-out';
import { isDiskFull } from './install-failure';
import { installModules } from './modules';
import { runBuild, runTests } from './own-commands';
import { completeRelease, findRelease, releaseFolder, removeRelease } from './releases';

export interface Preparation {
  home: Home;
  /** The clone the kit runs from. */
  root: string;
  deploymentId: number;
  /** Must be in the mirror. */
  commit: Commit;
  /** Seconds. */
  limits: { install: number; test: number; build: number };
  /** Gets what the journal is to tell. */
  report: (entry: Entry) => unknown;
  /** Aborted when an operator ends the deployment; whoever aborts also ends its commands. */
  signal?: AbortSignal;
}

const PHASES = ['check out', 'install', 'test', 'build'] as const satisfies PhaseName[];

/**
 * The release of a commit, made if it is not there. A failure leaves no half-made release, only the log.
 * Throws E_REF, E_INSTALL, E_INSTALL_MACHINE, E_CONFIG, E_TEST, E_BUILD, E_TIMEOUT, E_DISK, E_ABORTED.
 */
export async function prepareRelease(work: Preparation): Promise<Release> {
  const built = findRelease(work.home, work.commit);
  if (built) {
    for (const phase of PHASES)
      await work.report({ type: 'phase', phase, status: 'skipped', detail: 'built before' });
    return built;
  }
  try {
    return await makeRelease(work);
  } catch (error) {
    await removeRelease(work.home, work.commit);
    throw explained(error, work.signal);
  }
}

async function makeRelease(work: Preparation): Promise<Release> {
  const { home, root, commit, deploymentId, limits } = work;
  const dir = releaseFolder(home, commit);
  mkdirSync(home.logs, { recursive: true });
  await removeRelease(home, commit);
  const { subject, version } = await describe(home, commit);

  await phase(work, 'check out', async () => {
    const warnings = await checkOut(home.mirrorGit, commit, dir);
    for (const message of warnings) await work.report({ type: 'warning', message });
  });
  await phase(work, 'install', async () => {
    const origin = await installModules({ home, root, dir, deploymentId, limitSeconds: limits.install });
    return ORIGINS[origin];
  });
  const app = await readAppSettings(home, deploymentId, dir);
  const own = { home, dir, deploymentId, limits };
  await phase(work, 'test', () => runTests(own, app));
  await phase(work, 'build', () => runBuild(own, app));

  const release: Release = { commit, version, subject, dir, app };
  await completeRelease(home, release);
  return release;
}

/** The journal's words for where node_modules came from. */
const ORIGINS = {
  none: 'no dependencies',
  store: 'same packages as before',
  clone: "the clone's packages",
  'npm ci': 'npm ci',
} as const;

/** Does a phase's work and tells its beginning and end. The work returns a clause for the journal, or nothing. */
async function phase(work: Preparation, name: PhaseName, does: () => Promise<string | void>): Promise<void> {
  if (work.signal?.aborted) throw new KnownError('E_ABORTED', 'It was ended by npm stop.');
  const entry = { type: 'phase', phase: name } as const;
  const begun = performance.now();
  const ms = (): number => Math.round(performance.now() - begun);
  await work.report({ ...entry, status: 'started' });
  try {
    const detail = await does();
    await work.report({ ...entry, status: 'done', ...(detail && { detail }), ms: ms() });
  } catch (error) {
    const detail = explained(error, work.signal).message;
    await work.report({ ...entry, status: 'failed', detail, ms: ms() });
    throw error;
  }
}

/** A command that was killed by an abort, or our own write to a full disk, is told as what it was. */
function explained(error: unknown, signal: AbortSignal | undefined): KnownError {
  if (signal?.aborted) return new KnownError('E_ABORTED', 'It was ended by npm stop.');
  const text = error instanceof Error ? `${(error as NodeJS.ErrnoException).code} ${error.message}` : '';
  if (!(error instanceof KnownError) && isDiskFull([text])) {
    return new KnownError('E_DISK', 'The disk is full.');
  }
  return asKnown(error);
}
