/** `npm stop`: ends everything that npm start has started, so that no process is left. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../home/clone-root';
import type { Config, Settings } from '../config/load';
import { configNow } from '../config/current';
import { loadConfig, slotsOf } from '../config/load';
import { readSettings } from '../config/saved-settings';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { resolveHome } from '../home/home';
import { endGuards } from '../deployer/guard-process';
import { killMarkedProcesses } from '../os/marked-processes';
import { diskTrouble } from '../os/disk-failure';
import { createPacking } from '../release/artifact';
import { createRuntime } from '../runtimes';
import { endProcesses, processesWith } from '../os/process-table';
import { stopDeployer, stopPm2 } from '../runtimes/pm2/deployer';
import { nginxServer } from '../traffic/nginx-server';
import { backgroundJobs } from './background-jobs';
import { say } from './say';
import { withSetupLock } from '../journal/setup-lock';
import { machineMs } from '../os/machine-clock';

const LOOK_EVERY_MS = 50;
/** Where a deployment's program lies below the clone. */
const DEPLOYMENT_SCRIPT = path.join('dist', 'deploy', 'deployment.js');

export async function stopCommand(options: { json?: boolean }): Promise<number> {
  const home = resolveHome(ROOT, process.env);
  // a home that somebody has removed leaves its processes behind
  if (!existsSync(home.settings) && processesWith('SWITCHYARD_HOME', home.dir).length === 0) {
    throw new KnownError('E_NOT_STARTED', `Nothing was started here yet (no home at ${home.dir}).`);
  }
  // one that just starts the deployer again has its turn
  await endGuards(home);
  const stop = (): Promise<void> => stopEverything(home, configOf(home));
  await (canTakeTurns(home) ? withSetupLock(home, stop) : stop());
  if (options.json) console.log(JSON.stringify({ stopped: true }));
  else say('✓ stopped; npm start brings back what was live');
  return 0;
}

/** On a read-only disk nobody can take a lock, and no npm start gets as far as to be disturbed. */
function canTakeTurns({ dir }: Home): boolean {
  return existsSync(dir) && diskTrouble(dir)?.code !== 'E_READ_ONLY';
}

/** A configuration that was broken meanwhile must not keep anything running: what was chosen at the start is known. */
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

/** In the order in which nothing starts again what was stopped, and no request is cut off. */
export async function stopEverything(home: Home, config: Config): Promise<void> {
  await endGuards(home);
  await stopDeployer({ home });
  await endDeployment(home, config);
  await nginxServer(home, config).stop();
  await stopPm2({ home, stopSeconds: config.limits.stop });
  // a deployer starts the next guard until it ends itself
  await endGuards(home);
  await stopContainers(home, config);
}

/** PM2's went with it; containers belong to the engine, a killed deployment's migration too. */
async function stopContainers(home: Home, config: Config): Promise<void> {
  const options = { home, root: ROOT, config };
  const runtime = createRuntime(options);
  await createPacking(options).endRuns();
  await Promise.all(slotsOf(config).map(({ name }) => runtime.stop(name)));
}

/** A deployment that runs is asked to take itself back; one that does not is ended, and taken back at the next start. */
export async function endDeployment(home: Home, config: Config): Promise<void> {
  const { drain, stop, start } = config.limits;
  const deadline = machineMs() + (drain + stop + start) * 1000;
  const asked = new Set<number>();
  // looked for as processes: one that was launched just now has neither the lock nor a place in the journal
  for (let pids = deploymentProcesses(home); pids.length > 0; pids = deploymentProcesses(home)) {
    for (const pid of pids) {
      if (machineMs() > deadline) signal(-pid, 'SIGKILL');
      else if (!asked.has(pid)) signal(pid, 'SIGTERM');
      asked.add(pid);
    }
    await sleep(LOOK_EVERY_MS);
  }
  // found as processes too: where nothing can be written, the journal may not even open
  await killMarkedProcesses(home);
  await endProcesses(backgroundJobs(home), 0);
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
    // it ended just now
  }
}
