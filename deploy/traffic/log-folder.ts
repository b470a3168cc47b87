/** The folder of the logs: nginx's workers reach their own logs in it, and nobody else reads any log. */
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../home/home';
import type { WorkerUser } from './worker-user';
import { findWorkerUser } from './worker-user';

/** After a rotation each worker opens the new file by its path, with its own rights: it may enter, but not list. */
const FOR_WORKERS = 0o710;
const PRIVATE = 0o700;
const FILE = 0o600;

/** The folder's mode: workers of another user need to enter it. */
export function logFolderMode(user: WorkerUser | null): number {
  return user ? FOR_WORKERS : PRIVATE;
}

/** Makes the folder, or corrects it and its files. Safe to repeat while logs are written to. */
export function makeLogFolder({ logs }: Pick<Home, 'logs'>, user = findWorkerUser()): void {
  mkdirSync(logs, { recursive: true, mode: PRIVATE });
  for (const name of readdirSync(logs)) closeToOthers(path.join(logs, name));
  const { mode, gid } = statSync(logs);
  if (user && gid !== user.gid) chownSync(logs, -1, user.gid);
  if ((mode & 0o777) !== logFolderMode(user)) chmodSync(logs, logFolderMode(user));
}

/** Older versions made some logs readable for everyone. */
function closeToOthers(file: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found?.isFile() && (found.mode & 0o077) !== 0) chmodSync(file, found.mode & FILE);
}
