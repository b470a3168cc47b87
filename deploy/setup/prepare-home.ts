/** Makes the home, or completes it. Safe to run again: what is there stays. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import type { Config, Settings } from '../config';
import { KnownError } from '../core/errors';
import { ensureLiveRemote } from '../git/live-remote';
import { preparePushRepository } from '../git/push-repository';
import { seedSource } from '../git/seed';
import type { Home } from '../home';
import { Journal } from '../journal';
import { prepareSecret } from '../secret';
import { say } from './say';

/** nginx's worker, another user, must be able to enter these. */
const OPEN = 0o755;
const CLOSED = 0o700;

/** Throws E_HOME, E_SECRET, and what git has to say. */
export async function prepareHome(
  home: Home,
  root: string,
  config: Config,
  settings: Settings,
  secret: string | undefined,
): Promise<void> {
  makeFolders(home);
  prepareSecret(home, secret);
  writeFileSync(home.settings, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  const journal = Journal.open(home);
  await journal.prepare();
  journal.close();
  await preparePushRepository(home, { node: process.execPath, root, branch: config.branch });
  const remote = await ensureLiveRemote(home, root);
  if (typeof remote === 'object') {
    say(`! this clone's remote "live" leads to ${remote.elsewhere}; ours is ${home.pushGit}`);
  }
  if (config.source === null) await seedSource(home, root, config.branch);
}

function makeFolders(home: Home): void {
  try {
    for (const folder of [home.dir, home.nginx, home.tables]) makeFolder(folder, OPEN);
    for (const folder of [home.logs, home.releases, home.modules, home.shared, home.pm2])
      makeFolder(folder, CLOSED);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KnownError('E_HOME', `The home ${home.dir} cannot be made (${code ?? String(error)}).`);
  }
}

function makeFolder(folder: string, mode: number): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, mode);
}
