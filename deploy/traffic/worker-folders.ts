/**
 * Sets the permissions of the folders that nginx's workers enter, to open logs and to connect to sockets. Other users
 * can do neither.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../home/home';
import type { WorkerUser } from './worker-user';
import { findWorkerUser } from './worker-user';

/**
 * After a rotation each worker reopens the log by path with its own rights, so it may enter the folder, but not list
 * it.
 */
const FOR_WORKERS = 0o710;
const PRIVATE = 0o700;
const FILE = 0o600;

/** The mode of such a folder. Workers that run as another user must be able to enter it. */
export function workerFolderMode(user: WorkerUser | null): number {
  return user ? FOR_WORKERS : PRIVATE;
}

/** Creates the log folder and makes existing logs private. Safe to call while logs are being written. */
export function makeLogFolder({ logs }: Pick<Home, 'logs'>, user = findWorkerUser()): void {
  makeWorkerFolder(logs, user);
  for (const name of readdirSync(logs)) closeToOthers(path.join(logs, name));
}

/** Creates the folder, or corrects the permissions of an existing one. */
export function makeWorkerFolder(folder: string, user = findWorkerUser()): void {
  mkdirSync(folder, { recursive: true });
  const { mode, gid } = statSync(folder);
  if (user && gid !== user.gid) chownSync(folder, -1, user.gid);
  if ((mode & 0o777) !== workerFolderMode(user)) chmodSync(folder, workerFolderMode(user));
}

/** Older versions made some logs world-readable. */
function closeToOthers(file: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found?.isFile() && (found.mode & 0o077) !== 0) chmodSync(file, found.mode & FILE);
}
