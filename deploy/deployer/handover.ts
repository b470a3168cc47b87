/**
 * Hands over to a new deployer under a new PM2 daemon if the old daemon has been killed: without its parent daemon
 * nothing would restart this deployer after a crash.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ensurePm2, pm2Daemons } from '../runtimes/pm2/daemon';
import { startDeployer } from '../runtimes/pm2/deployer';
import type { DeployContext } from '../context';

const POLL_EVERY_MS = 250;

export interface DeployerServers {
  /** Accepts requests on the deployer's port and socket. */
  open(): void;
  /** Resolves once another deployer can use both. */
  close(): Promise<void>;
}

/**
 * Returns once a successor is running and this deployer may exit.
 * @param servers the servers that the successor takes over
 */
export async function handOverWhenOrphaned(context: DeployContext, servers: DeployerServers): Promise<void> {
  // checks more than the current parent: the daemon may have died while this program was loading
  const daemon = pm2Daemons(context.home).find(({ pid }) => pid === process.ppid);
  for (;;) {
    await sleep(POLL_EVERY_MS);
    if (process.ppid === daemon?.pid) continue;
    try {
      return await handOver(context, servers);
    } catch (error) {
      console.error('handover:', error);
    }
  }
}

async function handOver(context: DeployContext, servers: DeployerServers): Promise<void> {
  const { home, root } = context;
  // this deployer still accepts requests until the successor starts
  await ensurePm2(home);
  await context.journal.record(null, {
    type: 'incident',
    reason: 'process-manager',
    message: "PM2's daemon was gone: the deployer is started again under a new one",
  });
  await servers.close();
  try {
    await startDeployer({ home, root });
  } catch (error) {
    servers.open();
    throw error;
  }
}
