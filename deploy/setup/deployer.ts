/** Starts the deployer under the process manager and waits until it answers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../core/errors';
import { failureLine } from '../core/failure-line';
import { endGuards } from '../deployer/guard-process';
import type { Home } from '../home/home';
import { lastLines } from '../os/tail';
import { startDeployer } from '../runtimes/pm2/deployer';
import { probe } from '../traffic/probe';
import { machineMs } from '../os/machine-clock';

const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 50;

/** Throws E_DEPLOYER_DOWN with the failure from the deployer's log. */
export async function startDeployerAndWait(home: Home, root: string): Promise<void> {
  // the new deployer starts a guard of its own build
  await endGuards(home);
  await startDeployer({ home, root });
  const deadline = machineMs() + PATIENCE_MS;
  while ((await probe({ socketPath: home.socket, path: '/health', timeoutMs: 1000 })).status !== 200) {
    if (machineMs() > deadline) throw await downWith(home);
    await sleep(LOOK_EVERY_MS);
  }
}

async function downWith(home: Home): Promise<KnownError> {
  const line = failureLine(await lastLines(`${home.logs}/deployer.log`, 20));
  return new KnownError(
    'E_DEPLOYER_DOWN',
    `The deployer did not start${line && `: ${line}`}`,
    `Read ${home.logs}/deployer.log`,
  );
}
