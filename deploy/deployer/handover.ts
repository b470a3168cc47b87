/**
 * The deployer is looked after by PM2's daemon, its parent. When that is killed, the deployer lives on, but nobody
 * would start it again: it then starts a deployer under a new daemon, and leaves.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ensurePm2, pm2Daemons } from '../runtimes/pm2/daemon';
import { startDeployer } from '../runtimes/pm2/deployer';
import type { DeployContext } from '../context';

const LOOK_EVERY_MS = 250;

export interface DeployerServers {
  /** Takes requests, on its port and its socket. */
  open(): void;
  /** Returns when both are free for another deployer. */
  close(): Promise<void>;
}

/** Returns when this deployer has a successor and may leave. @param desk what the successor takes over */
export async function handOverWhenOrphaned(context: DeployContext, desk: DeployerServers): Promise<void> {
  // not simply the parent of now: the daemon may have died while this program was loaded
  const daemon = pm2Daemons(context.home).find(({ pid }) => pid === process.ppid);
  for (;;) {
    await sleep(LOOK_EVERY_MS);
    if (process.ppid === daemon?.pid) continue;
    try {
      return await handOver(context, desk);
    } catch (error) {
      console.error('handover:', error);
    }
  }
}

async function handOver(context: DeployContext, desk: DeployerServers): Promise<void> {
  const { home, root } = context;
  // while requests are still taken
  await ensurePm2(home);
  await context.journal.tell(null, {
    type: 'incident',
    message: "PM2's daemon was gone: the deployer is started again under a new one",
  });
  await desk.close();
  try {
    await startDeployer({ home, root });
  } catch (error) {
    desk.open();
    throw error;
  }
}
