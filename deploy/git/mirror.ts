/** mirror.git: what the source has, as last fetched. Releases are made from it. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KnownError } from '../core/errors';
import { printable } from '../core/format';
import type { Commit } from '../core/release';
import type { Home } from '../home/home';
import { gitIn, gitOn, gitPolitely, gitSilently } from './git';
import type { Report } from './mirror-repair';
import { damageOf } from './damage';
import { makeAgain, makeMirror, repairing } from './mirror-repair';
import { checkBranchName, checkCommitId } from './names';
import { withoutPassword } from '../core/redact-url';
import { removeDeadLocks } from './locks';
import { fetchCommit, unreadable } from './seed';

/** A server that sends next to nothing for so long is as good as down. */
const SLOW = ['-c', 'http.lowSpeedLimit=100', '-c', 'http.lowSpeedTime=30'];

/** The source: push.git, or the URL of the configuration. */
export function sourceOf(home: Home, configured: string | null): string {
  return configured ?? home.pushGit;
}

export interface Update {
  /** Names the deployment for whose sake it is done. */
  deploymentMark?: string;
  report?: Report;
  signal?: AbortSignal;
}

/**
 * Fetches all branches; those that the source no longer has go, commits sent by hand stay. A damaged mirror is made again.
 * Throws E_SOURCE, E_DISK.
 */
export async function updateMirror(home: Home, source: string, options: Update = {}): Promise<void> {
  const { signal, report } = options;
  const isOthersFault = async (): Promise<boolean> =>
    signal?.aborted === true || !(await answers(home, source));
  await repairing(home, (place) => fetchAll(place, source, options), isOthersFault, report);
}

async function fetchAll(home: Home, source: string, { deploymentMark }: Update): Promise<void> {
  const flags = [
    '--prune',
    '--progress',
    '--update-shallow',
    '--no-write-fetch-head',
    // see tidyMirror
    '--no-auto-maintenance',
  ];
  await ensureMirror(home);
  try {
    await gitOn(home.mirrorGit, { deploymentMark }).raw([
      ...SLOW,
      'fetch',
      ...flags,
      '--',
      source,
      '+refs/heads/*:refs/heads/*',
    ]);
  } catch (error) {
    throw unreadable(`The source ${withoutPassword(source)} cannot be read`, error);
  }
}

/** Whether the source gives out its branches to a git that works in no repository. */
async function answers(home: Home, source: string): Promise<boolean> {
  return gitOn(home.dir)
    .raw([...SLOW, 'ls-remote', '--heads', '--', source])
    .then(
      () => true,
      () => false,
    );
}

/**
 * Brings a commit that cannot be checked out back into a damaged mirror, from the source or from the clone. False when
 * the mirror is in order.
 */
export async function repairCommit(
  home: Home,
  { source, root, commit, report }: { source: string; root: string; commit: Commit; report: Report },
): Promise<boolean> {
  const damage = await damageOf(home.mirrorGit);
  if (damage === null) return false;
  const fill = async (place: Home): Promise<void> => {
    await fetchAll(place, source, {});
    // one that was sent by hand is in no branch of the source
    if (!(await hasCommit(place, commit))) await sendCommitTo(place, root, commit).catch(() => undefined);
  };
  await makeAgain(home, fill, damage, report);
  return true;
}

/** Makes a damaged mirror again before a deployment needs it. Throws E_SOURCE, E_DISK. */
export function replaceMirror(home: Home, source: string, damage: string, report: Report): Promise<void> {
  return makeAgain(home, (place) => fetchAll(place, source, {}), damage, report);
}

/** What git does after a fetch now and then, where nobody waits for it. */
export async function tidyMirror(home: Home): Promise<void> {
  if (isRepository(home.mirrorGit))
    await gitPolitely(home.mirrorGit, ['-c', 'gc.autoDetach=false', 'gc', '--auto', '--quiet']);
}

/**
 * The branch's newest commit in the source, asked without fetching; null when there is no such branch. It works in
 * no repository, so it is in nobody's way. Throws E_REF, E_SOURCE.
 */
export async function tipInSource(home: Home, source: string, branch: string): Promise<Commit | null> {
  await checkBranchName(branch);
  const ref = `refs/heads/${branch}`;
  try {
    const listed = await gitOn(home.dir).raw([...SLOW, 'ls-remote', '--', source, ref]);
    const line = listed.split('\n').find((candidate) => candidate.endsWith(`\t${ref}`));
    return line?.split('\t')[0] ?? null;
  } catch (error) {
    throw unreadable(`The source ${withoutPassword(source)} cannot be read`, error);
  }
}

/** The branch's newest commit, as last fetched. Throws E_REF, E_SOURCE. */
export async function tipOf(home: Home, branch: string): Promise<Commit> {
  const tip = await commitOf(home, `refs/heads/${branch}`);
  if (tip !== null) return tip;
  await checkBranchName(branch);
  const hint = `Push it: git push live ${branch}; or name another in the configuration: "branch".`;
  throw new KnownError('E_SOURCE', `The source has no branch "${branch}".`, hint);
}

/** By its exact name: no pattern and no revision is understood. Null where there is no such ref. */
async function commitOf(home: Home, ref: string): Promise<Commit | null> {
  try {
    return (await gitOn(home.mirrorGit).raw(['show-ref', '--verify', '--hash', '--', ref])).trim();
  } catch {
    return null;
  }
}

/**
 * Brings one commit of a clone into the mirror, without touching the source. A ref holds it there.
 * Throws E_REF, E_SOURCE.
 */
export async function sendCommit(home: Home, clone: string, commit: Commit): Promise<void> {
  checkCommitId(commit);
  const isOthersFault = async (): Promise<boolean> => !(await isWhole(clone, commit));
  await repairing(home, (place) => sendCommitTo(place, clone, commit), isOthersFault);
}

async function sendCommitTo(home: Home, clone: string, commit: Commit): Promise<void> {
  await ensureMirror(home);
  await fetchCommit(home.mirrorGit, clone, commit, `refs/switchyard/sent/${commit}`);
}

/** Whether a repository has the commit and all that it consists of. */
async function isWhole(repository: string, commit: Commit): Promise<boolean> {
  return gitIn(repository)
    .raw(['rev-list', '--objects', '--quiet', '--end-of-options', commit])
    .then(
      () => true,
      () => false,
    );
}

async function hasCommit({ mirrorGit }: Home, commit: Commit): Promise<boolean> {
  return gitSilently(mirrorGit, ['cat-file', '-e', `${commit}^{commit}`]).then(
    () => true,
    () => false,
  );
}

export interface CommitDescription {
  /** First line of the message, without control characters. */
  subject: string;
  /** `version` of its package.json; 0.0.0 when it has none. */
  version: string;
}

/** What people call a commit of the mirror. Throws E_REF. */
export async function describe(home: Home, commit: Commit): Promise<CommitDescription> {
  checkCommitId(commit);
  try {
    const subject = await gitOn(home.mirrorGit).raw([
      'log',
      '-1',
      '--no-show-signature',
      '--format=%s',
      commit,
    ]);
    return { subject: printable(subject), version: await versionOf(home, commit) };
  } catch (error) {
    if (error instanceof KnownError) throw error;
    throw new KnownError('E_REF', `There is no commit ${commit} in the source.`);
  }
}

/** A file of a commit of the mirror, by its path; null when it has none. */
export async function fileIn(home: Home, commit: Commit, file: string): Promise<string | null> {
  checkCommitId(commit);
  return gitOn(home.mirrorGit)
    .show([`${commit}:${file}`])
    .catch(() => null);
}

async function ensureMirror(home: Home): Promise<void> {
  mkdirSync(home.mirrorGit, { recursive: true });
  removeDeadLocks(home.mirrorGit);
  if (isRepository(home.mirrorGit)) return;
  await makeMirror(home.mirrorGit);
}

/** Looked at, since a second `git init` would fight with another process for the configuration's lock. */
function isRepository(folder: string): boolean {
  const config = path.join(folder, 'config');
  return (
    existsSync(path.join(folder, 'HEAD')) &&
    existsSync(config) &&
    readFileSync(config, 'utf8').includes('bare = true')
  );
}

async function versionOf(home: Home, commit: Commit): Promise<string> {
  try {
    const manifest = JSON.parse(await gitOn(home.mirrorGit).show([`${commit}:package.json`])) as {
      version?: unknown;
    };
    return typeof manifest.version === 'string' ? printable(manifest.version).slice(0, 64) : '0.0.0';
  } catch {
    return '0.0.0';
  }
}
