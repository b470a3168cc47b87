/** Manages mirror.git, the last fetched state of the source, from which releases are made. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Commit } from '../core/release';
import type { Home } from '../home/home';
import { CLOSED } from '../home/modes';
import { gitOn, gitLowPriority } from './git';
import type { Report } from './mirror-repair';
import { damageOf } from './damage';
import { rebuildMirror, createMirror, withRepair } from './mirror-repair';
import { checkBranchName, checkCommitId } from './names';
import { withoutPassword } from '../core/redact-url';
import { removeDeadLocks } from './locks';
import { accessTo } from './source-access';
import { fetchCommit, fetchError } from './seed';
import { hasCommit, isComplete } from './mirror-commits';

/** Treats a server that sends under 100 bytes/s for 30 s as down. */
const SLOW = ['-c', 'http.lowSpeedLimit=100', '-c', 'http.lowSpeedTime=30'];

/** The source: the configured URL, or push.git. */
export function sourceOf(home: Home, configured: string | null): string {
  return configured ?? home.pushGit;
}

interface Update {
  /** The mark of the deployment that needs the update. */
  deploymentMark?: string;
  report?: Report;
  signal?: AbortSignal;
}

/**
 * Fetches all branches and removes those that the source no longer has. Commits that a command sent stay. Rebuilds a
 * damaged mirror. Throws E_SOURCE, E_DISK.
 */
export async function updateMirror(home: Home, source: string, options: Update = {}): Promise<void> {
  const { signal, report } = options;
  const isOthersFault = async (): Promise<boolean> =>
    signal?.aborted === true || !(await answers(home, source));
  await withRepair(home, (place) => fetchAll(place, source, options), isOthersFault, report);
}

async function fetchAll(home: Home, source: string, { deploymentMark }: Update): Promise<void> {
  const flags = [
    '--prune',
    '--progress',
    '--update-shallow',
    '--no-write-fetch-head',
    // see maintainMirror
    '--no-auto-maintenance',
  ];
  await ensureMirror(home);
  const { url, env } = accessTo(source);
  try {
    await gitOn(home.mirrorGit, { deploymentMark, env }).raw([
      ...SLOW,
      'fetch',
      ...flags,
      '--',
      url,
      '+refs/heads/*:refs/heads/*',
    ]);
  } catch (error) {
    throw fetchError(`The source ${withoutPassword(source)} cannot be read`, error);
  }
}

/** Whether a git process outside any repository can list the source's branches. */
async function answers(home: Home, source: string): Promise<boolean> {
  const { url, env } = accessTo(source);
  return gitOn(home.dir, { env })
    .raw([...SLOW, 'ls-remote', '--heads', '--', url])
    .then(
      () => true,
      () => false,
    );
}

/**
 * Restores a commit that cannot be checked out because the mirror is damaged, from the source or the clone.
 * False if the mirror is intact.
 */
export async function repairCommit(
  home: Home,
  { source, root, commit, report }: { source: string; root: string; commit: Commit; report: Report },
): Promise<boolean> {
  const damage = await damageOf(home.mirrorGit);
  if (damage === null) return false;
  const fill = async (place: Home): Promise<void> => {
    await fetchAll(place, source, {});
    // a commit that a command sent is in no branch of the source
    if (!(await hasCommit(place, commit))) await sendCommitTo(place, root, commit).catch(() => undefined);
  };
  await rebuildMirror(home, fill, damage, report);
  return true;
}

/** Rebuilds a damaged mirror before a deployment needs it. Throws E_SOURCE, E_DISK. */
export function replaceMirror(home: Home, source: string, damage: string, report: Report): Promise<void> {
  return rebuildMirror(home, (place) => fetchAll(place, source, {}), damage, report);
}

/** Runs the maintenance that git would run after a fetch, off the critical path. */
export async function maintainMirror(home: Home): Promise<void> {
  if (isRepository(home.mirrorGit))
    await gitLowPriority(home.mirrorGit, ['-c', 'gc.autoDetach=false', 'gc', '--auto', '--quiet']);
}

/**
 * Asks the source for the branch's newest commit without fetching; null if there is no such branch. Works outside any
 * repository, so it blocks nothing. Throws E_REF, E_SOURCE.
 */
export async function tipInSource(home: Home, source: string, branch: string): Promise<Commit | null> {
  await checkBranchName(branch);
  const ref = `refs/heads/${branch}`;
  const { url, env } = accessTo(source);
  try {
    const listed = await gitOn(home.dir, { env }).raw([...SLOW, 'ls-remote', '--', url, ref]);
    const line = listed.split('\n').find((candidate) => candidate.endsWith(`\t${ref}`));
    return line?.split('\t')[0] ?? null;
  } catch (error) {
    throw fetchError(`The source ${withoutPassword(source)} cannot be read`, error);
  }
}

/**
 * Copies one commit of a clone into the mirror without contacting the source, and keeps it with a
 * ref. Throws E_REF, E_SOURCE.
 */
export async function sendCommit(home: Home, clone: string, commit: Commit): Promise<void> {
  checkCommitId(commit);
  const isOthersFault = async (): Promise<boolean> => !(await isComplete(clone, commit));
  await withRepair(home, (place) => sendCommitTo(place, clone, commit), isOthersFault);
}

async function sendCommitTo(home: Home, clone: string, commit: Commit): Promise<void> {
  await ensureMirror(home);
  await fetchCommit(home.mirrorGit, clone, commit, `refs/switchyard/sent/${commit}`);
}

async function ensureMirror(home: Home): Promise<void> {
  mkdirSync(home.mirrorGit, { recursive: true, mode: CLOSED });
  removeDeadLocks(home.mirrorGit);
  if (isRepository(home.mirrorGit)) return;
  await createMirror(home.mirrorGit);
}

/**
 * Whether the folder is a bare repository. Checked first, because a repeated `git init` could collide with another
 * process over the lock of the config file.
 */
function isRepository(folder: string): boolean {
  const config = path.join(folder, 'config');
  return (
    existsSync(path.join(folder, 'HEAD')) &&
    existsSync(config) &&
    readFileSync(config, 'utf8').includes('bare = true')
  );
}
