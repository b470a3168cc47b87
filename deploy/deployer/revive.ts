/** Restarts the deployer when nothing else would; see guard.ts. */
import type { Home } from '../home/home';
import { Journal } from '../journal/journal';
import { tryLock } from '../journal/deployment-lock';
import { startDeployer } from '../runtimes/pm2/deployer';
import { setupLockFile } from '../journal/setup-lock';

/**
 * Returns false while npm start or npm stop is running, because that command decides what is to run. Holds the setup
 * lock, so that either command waits for this restart.
 */
export async function reviveDeployer(home: Home, root: string): Promise<boolean> {
  const turn = tryLock({ lock: setupLockFile(home) });
  if (!turn) return false;
  try {
    await startDeployer({ home, root });
    await report(home);
    return true;
  } finally {
    turn.release();
  }
}

async function report(home: Home): Promise<void> {
  const journal = Journal.open(home);
  try {
    const message = "PM2's daemon and the deployer were gone: both were started again";
    await journal.record(null, { type: 'incident', reason: 'process-manager', message });
  } finally {
    journal.close();
  }
}
