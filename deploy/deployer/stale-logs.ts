/**
 * Finds logs that were renamed or removed while their writer keeps the old file open. This is normal for some
 * milliseconds during a rotation; after that the rotation has failed.
 */
import path from 'node:path';
import { rotatedFiles } from '../core/rotation';
import type { Home } from '../home/home';
import { openFiles } from '../os/open-files';
import { pm2Daemons } from '../runtimes/pm2/daemon';
import { processesOf } from '../traffic/nginx-processes';

export const NGINX_LOGS = ['access.log', 'nginx-error.log'];

/** The kernel's mark for a removed file that is still open. */
const REMOVED = ' (deleted)';

/** The old files that nginx still writes to, by the kernel's names. */
export function staleNginxLogs(home: Home): string[] {
  return staleAmong(home, NGINX_LOGS, processesOf(home));
}

/** The old files that PM2 still writes to. */
export function stalePm2Logs(home: Home): string[] {
  const daemons = pm2Daemons(home).map(({ pid }) => pid);
  const names = daemons.flatMap(openFiles).map((file) => path.basename(file));
  const logs = names.flatMap((name) => /^(.+\.log)\b/.exec(name)?.[1] ?? []);
  return staleAmong(home, logs, daemons);
}

function staleAmong(home: Home, logs: string[], writers: number[]): string[] {
  const open = new Set(writers.flatMap(openFiles).filter((file) => path.dirname(file) === home.logs));
  return [...open]
    .map((file) => path.basename(file))
    .filter((name) => logs.some((log) => isStale(log, name)));
}

/** @param name the kernel's name of an open file */
export function isStale(log: string, name: string): boolean {
  return name === log + REMOVED || rotatedFiles(log, [name.replace(REMOVED, '')]).length > 0;
}
