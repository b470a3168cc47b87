/** `npm stop`: stops everything that `npm start` started and leaves no process behind. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../home/clone-root';
import type { Config } from '../config/load';
import type { Settings } from '../config/settings';
import { configNow } from '../config/current';
import { loadConfig, slotsOf } from '../config/load';
import { readSettings } from '../config/saved-settings';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { resolveHome } from '../home/home';
import { stopGuards } from '../deployer/guard-process';
import { killMarkedProcesses } from '../os/marked-processes';
import { probeDisk } from '../os/disk-failure';
import { createPacking } from '../release/artifact';
import { createRuntime } from '../runtimes';
import { stopProcesses, processesWith } from '../os/process-table';
import { stopDeployer, stopPm2 } from '../runtimes/pm2/deployer';
import { nginxServer } from '../traffic/nginx-server';
import { backgroundJobs } from './background-jobs';
import { printLine } from './say';
import { words } from '../reporters/words';
import { withSetupLock } from '../journal/setup-lock';
import { machineMs } from '../os/machine-clock';
import { waitUntil } from '../os/wait-until';

const POLL_EVERY_MS = 50;
/** The path of a deployment's program inside the clone. */
const DEPLOYMENT_SCRIPT = path.join('dist', 'deploy', 'deployment.js');

export async function stopCommand(options: { json?: boolean }): Promise<number> {
  const home = resolveHome(ROOT, process.env);
  // the processes of a deleted home may still be running
  if (!existsSync(home.settings) && processesWith('SWITCHYARD_HOME', home.dir).length === 0) {
    throw new KnownError('E_NOT_STARTED', `Nothing was started here yet (no home at ${home.dir}).`);
  }
  // a guard that is restarting the deployer holds the setup lock
  await stopGuards(home);
  const stop = (): Promise<void> => stopEverything(home, configOf(home));
  await (canTakeTurns(home) ? withSetupLock(home, stop) : stop());
  if (options.json) console.log(JSON.stringify({ stopped: true }));
  else printLine(`✓ ${words().stopped}`);
  return 0;
}

/** On a read-only disk no process can take a lock, and no `npm start` gets far enough to be disturbed. */
function canTakeTurns({ dir }: Home): boolean {
  return existsSync(dir) && probeDisk(dir)?.code !== 'E_READ_ONLY';
}

/**
 * A configuration that broke after the start must not prevent a stop, so this falls back to the start's saved settings.
 */
function configOf(home: Home): Config {
  try {
    return configNow(home, ROOT);
  } catch {
    return loadConfig(home.dir, kept(home));
  }
}

function kept(home: Home): Settings {
  try {
    return readSettings(home.settings);
  } catch {
    return {};
  }
}

/** Stops everything in an order in which nothing restarts a stopped process and no request is cut off. */
export async function stopEverything(home: Home, config: Config): Promise<void> {
  await stopGuards(home);
  await stopDeployer({ home });
  await killDeployment(home, config);
  await nginxServer(home, config).stop();
  await stopPm2({ home, stopSeconds: config.limits.stop });
  // the deployer may have started another guard before it stopped
  await stopGuards(home);
  await stopContainers(home, config);
}

/** PM2's slots stopped with PM2. Containers, including a killed deployment's migration, belong to the engine. */
async function stopContainers(home: Home, config: Config): Promise<void> {
  const options = { home, root: ROOT, config };
  const runtime = createRuntime(options);
  await createPacking(options).killRuns();
  await Promise.all(slotsOf(config).map(({ name }) => runtime.stop(name)));
}

/** Asks a running deployment to roll back. Kills it at the deadline; the next start then rolls it back. */
export async function killDeployment(home: Home, config: Config): Promise<void> {
  const { drain, stop, start } = config.limits;
  const deadline = machineMs() + (drain + stop + start) * 1000;
  const asked = new Set<number>();
  // searched by process: a deployment that was just launched has neither the lock nor a row in the journal
  const areGone = (): boolean => {
    const pids = deploymentProcesses(home);
    for (const pid of pids) {
      if (machineMs() > deadline) signal(-pid, 'SIGKILL');
      else if (!asked.has(pid)) signal(pid, 'SIGTERM');
      asked.add(pid);
    }
    return pids.length === 0;
  };
  await waitUntil(areGone, { everyMs: POLL_EVERY_MS });
  // also searched by process, because the journal may not open on a read-only disk
  await killMarkedProcesses(home);
  await stopProcesses(backgroundJobs(home), 0);
}

function deploymentProcesses(home: Home): number[] {
  const inHome = processesWith('SWITCHYARD_HOME', home.dir);
  return inHome
    .filter(({ argv }) => argv.some((word) => word.endsWith(`/${DEPLOYMENT_SCRIPT}`)))
    .map(({ pid }) => pid);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // already exited
  }
}
