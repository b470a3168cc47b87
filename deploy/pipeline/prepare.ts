/** Makes a commit into a release: check out, install, test, build. It knows nothing of strategies. */
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { CommandResult } from '../command';
import { deploymentLog, runCommand } from '../command';
import { KnownError, asKnown } from '../core/errors';
import type { ErrorCode } from '../core/errors';
import { tellingLine } from '../core/telling';
import type { AppSettings, Commit, Entry, PhaseName, Release } from '../core/types';
import { describe } from '../git/mirror';
import type { Home } from '../home';
import { readAppSettings } from './app-settings';
import { checkOut } from './check-out';
import { isDiskFull } from './install-failure';
import { installModules } from './modules';
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
  await phase(work, 'test', () => runOwn(work, app.test, TEST));
  await phase(work, 'build', async () => {
    const detail = await runOwn(work, app.build, BUILD);
    mustHaveStart(dir, app);
    return detail;
  });

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

interface OwnCommand {
  noun: string;
  limit: 'test' | 'build';
  code: ErrorCode;
  nodeEnv: string;
}

const TEST: OwnCommand = { noun: 'The tests', limit: 'test', code: 'E_TEST', nodeEnv: 'test' };
/** Bundlers drop their development code only when told so. */
const BUILD: OwnCommand = { noun: 'The build', limit: 'build', code: 'E_BUILD', nodeEnv: 'production' };

/** Does a phase's work and tells its beginning and end. The work returns a clause for the journal, or nothing. */
async function phase(work: Preparation, name: PhaseName, does: () => Promise<string | void>): Promise<void> {
  if (work.signal?.aborted) throw new KnownError('E_ABORTED', 'It was ended by an operator.');
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

/** Runs the commit's own tests or build. */
async function runOwn(work: Preparation, argv: string[] | null, own: OwnCommand): Promise<string | void> {
  if (argv === null) return 'none';
  const { home, commit, deploymentId } = work;
  const result = await runCommand({
    argv,
    cwd: releaseFolder(home, commit),
    env: { NODE_ENV: own.nodeEnv },
    logFile: deploymentLog(home, deploymentId),
    timeoutSeconds: work.limits[own.limit],
    lowPriority: true,
    deploymentId,
  });
  if (result.timedOut) {
    const message = `${own.noun} took longer than ${work.limits[own.limit]} s (limits.${own.limit}).`;
    throw new KnownError('E_TIMEOUT', message);
  }
  if (result.exitCode !== 0) throw failureOf(own, argv, result);
}

function failureOf({ noun, code }: OwnCommand, argv: string[], result: CommandResult): KnownError {
  const telling = tellingLine(result.lastLines);
  const end =
    result.signal === null ? `ended with code ${result.exitCode}` : `were ended by ${result.signal}`;
  const message = `${noun} (${argv.join(' ')}) ${end}${telling && `: ${telling}`}`;
  return new KnownError(isDiskFull(result.lastLines) ? 'E_DISK' : code, message);
}

function mustHaveStart(dir: string, { start }: AppSettings): void {
  const file = path.resolve(dir, start);
  const inside = file.startsWith(dir + path.sep);
  if (inside && statSync(file, { throwIfNoEntry: false })?.isFile()) return;
  const hint = 'Let app.build in deploy.config.js make it, or name the right file in app.start.';
  throw new KnownError('E_BUILD', `The build did not make ${start}, which app.start names.`, hint);
}

/** A command that was killed by an abort, or our own write to a full disk, is told as what it was. */
function explained(error: unknown, signal: AbortSignal | undefined): KnownError {
  if (signal?.aborted) return new KnownError('E_ABORTED', 'It was ended by an operator.');
  const text = error instanceof Error ? `${(error as NodeJS.ErrnoException).code} ${error.message}` : '';
  if (!(error instanceof KnownError) && isDiskFull([text])) {
    return new KnownError('E_DISK', 'The disk is full.');
  }
  return asKnown(error);
}
