/** Makes the home, or completes it. Safe to run again: what is there stays. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import type { Config, Settings } from '../config/load';
import { keepSettings } from '../config/saved-settings';
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
import { keepReserve } from '../home/disk-reserve';
import { prepareSecret } from '../home/webhook-secret';
import { makeLogFolder } from '../traffic/log-folder';
import { say } from './say';
import { setupLockFile } from '../journal/setup-lock';

/** nginx's worker, another user, must be able to enter these. */
const OPEN = 0o755;
const CLOSED = 0o700;
const PRIVATE = 0o600;

/** The folders, and the files in which the work of several processes meets. Throws E_HOME. */
export function makeHome(home: Home): void {
  try {
    for (const folder of [home.dir, home.nginx, home.tables]) makeFolder(folder, OPEN);
    makePreviewFolder(home);
    makeLogFolder(home);
    const { releases, modules, env, shared, pm2, compose } = home;
    const closed = [releases, modules, env, shared, pm2, compose];
    for (const folder of [...closed, home.mirrorGit]) makeFolder(folder, CLOSED);
    for (const file of [home.journal, home.lock, setupLockFile(home)]) makePrivate(file);
    keepReserve(home);
  } catch (error) {
    const failure = asDiskFailure(home.dir, error);
    if (failure) throw failure;
    const { code } = error as NodeJS.ErrnoException;
    throw new KnownError('E_HOME', `The home ${home.dir} cannot be made (${code ?? String(error)}).`);
  }
}

/** Throws E_SECRET, and what git has to say. @param home made by makeHome */
export async function prepareHome(
  home: Home,
  root: string,
  config: Config,
  settings: Settings,
  secret: string | undefined,
): Promise<void> {
  prepareSecret(home, secret);
  keepSettings(home.settings, settings, config);
  const journal = Journal.open(home);
  await journal.prepare();
  const live = journal.lastLive()?.to?.commit ?? null;
  journal.close();
  await prepareGit(home, root, config, live);
}

/**
 * Makes push.git and the way to it, repairs it, and brings both up to date: Node may have moved, the remote may have been
 * removed. @param live the commit of the live release
 */
export async function prepareGit(
  home: Home,
  root: string,
  config: Config,
  live: Commit | null,
): Promise<void> {
  const isSource = config.source === null;
  const repaired = await repairPushRepository(home, { root, branch: config.branch, live, isSource });
  if (repaired !== null) say(repaired);
  await preparePushRepository(home, { node: process.execPath, root, branch: config.branch });
  const remote = await ensureLiveRemote(home, root);
  if (typeof remote === 'object') {
    say(`! this clone's remote "live" leads to ${remote.elsewhere}; ours is ${home.pushGit}`);
  }
  if (isSource) await seedSource(home, root, config.branch);
}

function makeFolder(folder: string, mode: number): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, mode);
}

/** Whoever can read a database can lock it: any user of the machine could hold up every deployment. */
function makePrivate(file: string): void {
  // never opened when it is there: closing it again would give up this process's own locks on it
  if (existsSync(file)) chmodSync(file, PRIVATE);
  else writeFileSync(file, '', { mode: PRIVATE });
}
