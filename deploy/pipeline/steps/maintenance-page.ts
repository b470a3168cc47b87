/** Installs the operator's maintenance page, and measures how long users saw it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../../core/errors';
import { writeAtomically } from '../../os/atomic-write';
import type { LogEntry } from '../../traffic/access-log';
import type { DeployContext } from '../../context';
import { configFileName } from '../../config/file';

const ASK_EVERY_MS = 50;

/** Copies the operator's page to where nginx reads it. Without one, nginx keeps Switchyard's own. Throws E_STRATEGY. */
export function installMaintenancePage({ home, root, config }: DeployContext): void {
  const { page } = config.maintenance;
  if (page === null) return;
  const at = path.join(home.pages, 'maintenance.html');
  try {
    writeAtomically(at, readFileSync(path.resolve(root, page)), { mode: 0o644 });
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : 'cannot be put in its place';
    throw new KnownError(
      'E_STRATEGY',
      `The page ${page} ${why}.`,
      `Correct maintenance.page in ${configFileName(root)}.`,
    );
  }
}

/** Probes through nginx until the page is gone, so that nginx's log shows the duration even without user traffic. */
export async function probeUntilPageGone({ traffic, config }: DeployContext): Promise<void> {
  while ((await traffic.current()).maintenance) {
    await traffic.verify(config.app.health);
    await sleep(ASK_EVERY_MS, undefined, { ref: false });
  }
}

/** Milliseconds from the first maintenance page to the first response after the last one; null if there was no page. */
export function downMs(entries: LogEntry[]): number | null {
  const times = entries.filter(({ maintenance }) => maintenance).map(({ at }) => at);
  if (times.length === 0) return null;
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const next = entries.filter(({ maintenance, at }) => !maintenance && at >= last).map(({ at }) => at);
  return Math.min(...next, ...(next.length === 0 ? [last] : [])) - first;
}
