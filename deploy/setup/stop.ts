/** `npm stop`: ends everything that npm start has started, so that no process is left. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../commands/desk';
import type { Options } from '../commands/desk';
import type { Config } from '../config';
import { loadConfig, readSettings } from '../config';
import { KnownError } from '../core/errors';
import type { Home } from '../home';
import { resolveHome } from '../home';
import { Journal } from '../journal';
import { isLocked } from '../lock';
import { stopDeployer, stopPm2 } from '../runtimes/pm2-deployer';
import { nginxServer } from '../traffic/nginx-server';
import { say } from './say';

const LOOK_EVERY_MS = 50;

export async function stopCommand(options: Options): Promise<number> {
  const home = resolveHome(ROOT, process.env);
  if (!existsSync(home.settings)) {
    throw new KnownError('E_NOT_STARTED', `Nothing was started here yet (no home at ${home.dir}).`);
  }
  await stopEverything(home, loadConfig(ROOT, readSettings(home.settings)));
  if (options.json) console.log(JSON.stringify({ stopped: true }));
  else say('✓ stopped; npm start brings back what was live');
  return 0;
}

/** In the order in which nothing starts again what was stopped, and no request is cut off. */
export async function stopEverything(home: Home, config: Config): Promise<void> {
  await stopDeployer({ home });
  await endDeployment(home, config);
  await nginxServer(home, config).stop();
  await stopPm2({ home, stopSeconds: config.limits.stop });
}

/** A deployment that runs is asked to take itself back; one that does not is ended, and taken back at the next start. */
async function endDeployment(home: Home, config: Config): Promise<void> {
  if (!existsSync(home.lock) || !isLocked(home)) return;
  const pid = activePid(home);
  if (pid !== null) signal(pid, 'SIGTERM');
  const deadline = Date.now() + (config.limits.drain + config.limits.stop + config.limits.start) * 1000;
  while (isLocked(home)) {
    if (Date.now() > deadline && pid !== null) signal(-pid, 'SIGKILL');
    await sleep(LOOK_EVERY_MS);
  }
}

function activePid(home: Home): number | null {
  const journal = Journal.open(home);
  const pid = journal.active()?.pid ?? null;
  journal.close();
  return pid;
}

/** The lock is held, so the pid is its holder's and nobody else's. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it ended just now
  }
}
