/** Keeps the logs of a home, together, within a limit on the disk. */
import { rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { LogFile } from '../core/rotation';
import { decideCap } from '../core/rotation';
import type { Home } from '../home/home';
import { allOpenFiles } from '../os/open-files';
import { namesIn } from '../os/names-in';

const ROTATED = /\.log\.\d+(\.gz)?$/;
const DEPLOYMENT = /^deployment-\d+\.log$/;

/**
 * Removes the oldest rotated logs and logs of deployments until all logs together take at most `limit` bytes.
 * @param isCounting true while a deployment counts requests, for which the newest rotated access log stays
 */
export function capLogs(home: Home, limit: number, isCounting: boolean): void {
  for (const file of decideCap(logFiles(home, isCounting), limit)) rmSync(file, { force: true });
}

function logFiles(home: Home, isCounting: boolean): LogFile[] {
  const files = [home.logs, home.pm2].flatMap((folder) => logsIn(folder));
  const counted = isCounting ? `${home.accessLog}.1` : null;
  const open = allOpenFiles();
  return files.map((file) => ({
    ...file,
    removable: file.removable && file.path !== counted && !open.has(file.path),
  }));
}

function logsIn(folder: string): LogFile[] {
  return namesIn(folder).flatMap((name) => {
    const removable = ROTATED.test(name) || DEPLOYMENT.test(name);
    if (!removable && !name.endsWith('.log')) return [];
    const file = path.join(folder, name);
    const found = statSync(file, { throwIfNoEntry: false });
    return found ? [{ path: file, bytes: found.size, writtenAt: found.mtimeMs, removable }] : [];
  });
}
