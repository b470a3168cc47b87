/** mirror.git: what the source has, as last fetched. Releases are made from it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { KnownError } from '../core/errors';
import { printable } from '../core/format';
import type { Commit } from '../core/types';
import type { Home } from '../home';
import { gitOn, gitPolitely } from './git';
import { checkBranchName, checkCommitId } from './names';
import { withoutPassword } from './shown';
import { removeDeadLocks } from './locks';
import { fetchCommit, unreadable } from './seed';

/** A server that sends next to nothing for so long is as good as down. */
const SLOW = ['-c', 'http.lowSpeedLimit=100', '-c', 'http.lowSpeedTime=30'];

/** The source: push.git, or the URL of the configuration. */
export function sourceOf(home: Home, configured: string | null): string {
  return configured ?? home.pushGit;
}

/** Fetches all branches; those that the source no longer has go, commits sent by hand stay. Throws E_SOURCE, E_DISK. @param options for whose sake */
export async function updateMirror(
  home: Home,
  source: string,
  options: { deploymentMark?: string } = {},
): Promise<void> {
  await ensureMirror(home);
  const flags = [
    '--prune',
    '--progress',
    '--update-shallow',
    '--no-write-fetch-head',
    // see tidyMirror
    '--no-auto-maintenance',
  ];
  try {
    await gitOn(home.mirrorGit, options).raw([
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
  await ensureMirror(home);
  await fetchCommit(home.mirrorGit, clone, commit, `refs/switchyard/sent/${commit}`);
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
  // first, so that there is never a mirror without it
  forbidFilters(home.mirrorGit);
  await gitOn(home.mirrorGit).raw(['init', '--bare']);
}

/**
 * This file goes over every .gitattributes: a commit must not choose which of the user's filters, Git LFS
 * for one, runs while it is checked out.
 */
function forbidFilters(mirror: string): void {
  const info = path.join(mirror, 'info');
  mkdirSync(info, { recursive: true });
  writeFileSync(path.join(info, 'attributes'), '* -filter\n');
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
