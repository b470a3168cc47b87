/** Creates the home or completes it. Idempotent: existing files stay. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import type { Config } from '../config/load';
import type { Settings } from '../config/settings';
import { saveSettings } from '../config/saved-settings';
import type { Commit } from '../core/release';
import { KnownError } from '../core/errors';
import { ensureLiveRemote } from '../git/live-remote';
import { repairPushRepository } from '../git/push-repair';
import { preparePushRepository } from '../git/push-repository';
import { seedSource } from '../git/seed';
import type { Home } from '../home/home';
import { Journal } from '../journal/journal';
import { asDiskFailure } from '../os/disk-failure';
import { makePreviewFolder } from '../traffic/preview-tokens';
import { CLOSED, OPEN, PRIVATE } from '../home/modes';
import { createReserve } from '../home/disk-reserve';
import { prepareSecret } from '../home/webhook-secret';
import { makeLogFolder, makeWorkerFolder } from '../traffic/worker-folders';
import { printLine } from './say';
import { setupLockFile } from '../journal/setup-lock';

/** Creates the folders and the files that several processes share. Throws E_HOME. */
export function makeHome(home: Home): void {
  try {
    for (const folder of [home.dir, home.tables]) makeFolder(folder, OPEN);
    makeWorkerFolder(home.nginx);
    makePreviewFolder(home);
    makeLogFolder(home);
    const { releases, modules, env, shared, pm2, compose, ready, links } = home;
    const closed = [releases, modules, env, shared, pm2, compose, ready, links];
    for (const folder of [...closed, home.mirrorGit]) makeFolder(folder, CLOSED);
    for (const file of [home.journal, home.lock, setupLockFile(home)]) makePrivate(file);
    createReserve(home);
  } catch (error) {
    const failure = asDiskFailure(home.dir, error);
    if (failure) throw failure;
    const { code } = error as NodeJS.ErrnoException;
    throw new KnownError('E_HOME', `The home ${home.dir} cannot be created (${code ?? String(error)}).`);
  }
}

/** Throws E_SECRET, and git's errors. @param home as created by makeHome */
export async function prepareHome(
  home: Home,
  root: string,
  config: Config,
  settings: Settings,
  secret: string | undefined,
): Promise<void> {
  prepareSecret(home, secret);
  saveSettings(home.settings, settings, config);
  const journal = Journal.open(home);
  await journal.prepare();
  const live = journal.lastLive()?.to?.commit ?? null;
  journal.close();
  await prepareGit(home, root, config, live);
}

/**
 * Repairs push.git and updates its hooks and the clone's remote: Node may have moved, or the remote may be gone.
 * @param live the commit of the live release
 */
export async function prepareGit(
  home: Home,
  root: string,
  config: Config,
  live: Commit | null,
): Promise<void> {
  const isSource = config.source === null;
  const repaired = await repairPushRepository(home, { root, branch: config.branch, live, isSource });
  if (repaired !== null) printLine(repaired);
  await preparePushRepository(home, { node: process.execPath, root, branch: config.branch });
  const remote = await ensureLiveRemote(home, root);
  if (typeof remote === 'object') {
    printLine(`! this clone's remote "live" points to ${remote.elsewhere}; ours is ${home.pushGit}`);
  }
  if (isSource) await seedSource(home, root, config.branch);
}

function makeFolder(folder: string, mode: number): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, mode);
}

/**
 * Restricts the databases, because read access is enough to lock one: any user of the machine could block every
 * deployment.
 */
function makePrivate(file: string): void {
  // an existing file is not opened: closing it would release this process's POSIX locks on it
  if (existsSync(file)) chmodSync(file, PRIVATE);
  else writeFileSync(file, '', { mode: PRIVATE });
}
