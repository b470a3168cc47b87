/** Starts and stops the deployer as a PM2 app, and stops everything that PM2 runs for a home. */
import type { Home } from '../../home/home';
import type { OsProcess } from '../../os/process-table';
import { stopProcesses, processesWith, withoutChildren } from '../../os/process-table';
import type { ProcessState } from './app';
import { deleteApp, processState, startApp } from './app';
import { killPm2Daemon, isPm2Up, pm2Daemons } from './daemon';
import { DEPLOYER, DEPLOYER_SCRIPT, DEPLOYER_STOP_SECONDS, deployerDefinition } from './definitions';
import { pm2Processes } from './rpc';

export interface DeployerStatus extends ProcessState {
  /** True if it outlived PM2's daemon, so that nothing would restart it. */
  orphan: boolean;
}

/** Starts the deployer of the clone at `root`, replacing a running one. Returns its pid. Throws E_RUNTIME. */
export async function startDeployer({ home, root }: { home: Home; root: string }): Promise<number> {
  await stopDeployer({ home });
  return startApp(home, deployerDefinition({ home, root, env: process.env }));
}

/** Stops the deployer, including an orphaned one. Its running deployments continue. */
export async function stopDeployer({ home }: { home: Home }): Promise<void> {
  await deleteApp(home, DEPLOYER, DEPLOYER_STOP_SECONDS);
  await stopProcesses(deployerProcesses(home), DEPLOYER_STOP_SECONDS);
}

/** The state of the deployer, or null if it is not running. */
export async function deployerStatus({ home }: { home: Home }): Promise<DeployerStatus | null> {
  // /proc is read before PM2 is queried, so that a deployer started in between does not count as an orphan
  const [seen] = deployerProcesses(home);
  const managed = (await pm2Processes(home)).find(({ name }) => name === DEPLOYER);
  if (managed) return { ...processState(managed), orphan: false };
  return seen ? { pid: seen.pid, restarts: 0, status: 'online', exitCode: null, orphan: true } : null;
}

/**
 * Stops the deployer, every slot and PM2's daemon. No process of this home's PM2 is left, even if the daemon hangs or
 * is already dead.
 */
export async function stopPm2({ home, stopSeconds }: { home: Home; stopSeconds: number }): Promise<void> {
  // through PM2 while it responds; the loop below kills the remaining processes
  if (await isPm2Up(home).catch(() => false)) await deleteAll(home, stopSeconds).catch(() => {});
  do {
    // the daemon first, because it would restart the stopped processes
    await killPm2Daemon(home);
    await stopProcesses([...deployerProcesses(home), ...slotProcesses(home)], stopSeconds);
    // a deployer that lost its PM2 may just have launched another daemon
  } while (pm2Daemons(home).length > 0);
}

async function deleteAll(home: Home, stopSeconds: number): Promise<void> {
  // the deployer first, because it would restart the stopped slots
  await stopDeployer({ home });
  const apps = await pm2Processes(home);
  await Promise.all(apps.map(({ name }) => deleteApp(home, name, stopSeconds)));
}

function deployerProcesses(home: Home): OsProcess[] {
  // a deployment has the deployer's environment but runs another program
  const inHome = processesWith('SWITCHYARD_HOME', home.dir);
  return withoutChildren(
    inHome.filter(({ argv }) => argv.some((word) => word.endsWith(`/${DEPLOYER_SCRIPT}`))),
  );
}

function slotProcesses(home: Home): OsProcess[] {
  return processesWith('SWITCHYARD_DATA', home.shared).filter(({ env }) => env.SWITCHYARD_SLOT !== undefined);
}
