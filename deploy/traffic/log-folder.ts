/** Sets the permissions of the log folder: nginx workers can open their own logs, and other users can read none. */
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../home/home';
import type { WorkerUser } from './worker-user';
import { findWorkerUser } from './worker-user';

/**
 * After a rotation each worker reopens the log by path with its own rights, so it may enter the folder but not list it.
 */
const FOR_WORKERS = 0o710;
const PRIVATE = 0o700;
const FILE = 0o600;

/** The folder's mode. Workers that run as another user must be able to enter it. */
export function logFolderMode(user: WorkerUser | null): number {
  return user ? FOR_WORKERS : PRIVATE;
}

/**
 * Creates the folder, or corrects the permissions of an existing one and its files. Safe to call
 * while logs are being written.
 */
export function makeLogFolder({ logs }: Pick<Home, 'logs'>, user = findWorkerUser()): void {
  mkdirSync(logs, { recursive: true, mode: PRIVATE });
  for (const name of readdirSync(logs)) closeToOthers(path.join(logs, name));
  const { mode, gid } = statSync(logs);
  if (user && gid !== user.gid) chownSync(logs, -1, user.gid);
  if ((mode & 0o777) !== logFolderMode(user)) chmodSync(logs, logFolderMode(user));
}

/** Older versions made some logs world-readable. */
function closeToOthers(file: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found?.isFile() && (found.mode & 0o077) !== 0) chmodSync(file, found.mode & FILE);
}
