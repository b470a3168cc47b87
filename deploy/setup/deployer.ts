/** Starts the deployer under the process manager and waits until it answers. */
import { KnownError } from '../core/errors';
import { failureLine } from '../core/failure-line';
import { stopGuards } from '../deployer/guard-process';
import type { Home } from '../home/home';
import { lastLines } from '../os/tail';
import { startDeployer } from '../runtimes/pm2/deployer';
import { probe } from '../traffic/probe';
import { waitUntil } from '../os/wait-until';

const STARTS_WITHIN_MS = 15_000;
const POLL_EVERY_MS = 50;

/** Throws E_DEPLOYER_DOWN with the reason from the deployer's log. */
export async function startDeployerAndWait(home: Home, root: string): Promise<void> {
  // the new deployer starts a guard of its own build
  await stopGuards(home);
  await startDeployer({ home, root });
  const question = { socketPath: home.socket, path: '/health', timeoutMs: 1000 };
  const answers = async (): Promise<boolean> => (await probe(question)).status === 200;
  if (await waitUntil(answers, { everyMs: POLL_EVERY_MS, withinMs: STARTS_WITHIN_MS })) return;
  throw await downWith(home);
}

async function downWith(home: Home): Promise<KnownError> {
  const line = failureLine(await lastLines(`${home.logs}/deployer.log`, 20));
  return new KnownError(
    'E_DEPLOYER_DOWN',
    `The deployer did not start${line && `: ${line}`}`,
    `Read ${home.logs}/deployer.log`,
  );
}
