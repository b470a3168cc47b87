/**
 * Removes stale git lock files. A killed git process leaves `*.lock` files that make every later one fail. Our git
 * processes have GIT_DIR in their environment, which shows whether one is still running.
 */
import { existsSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import path from 'node:path';
import { readableNamesIn } from '../os/names-in';
import { allPids } from '../os/process-table';

/** Removes the lock files of one of Switchyard's bare repositories unless a git process is working in it. */
export function removeDeadLocks(repository: string): void {
  for (const lock of deadLocks(repository)) rmSync(lock, { force: true });
}

/** The lock files that no running git process created. */
export function deadLocks(repository: string): string[] {
  // list the locks first: a git process that starts later cannot create a lock that already exists
  const locks = locksIn(repository);
  return locks.length === 0 || isInUse(repository) ? [] : locks;
}

function locksIn(repository: string): string[] {
  const top = readableNamesIn(repository).filter((name) => name.endsWith('.lock'));
  const refs = path.join(repository, 'refs');
  const below = existsSync(refs) ? readdirSync(refs, { recursive: true, encoding: 'utf8' }) : [];
  // no branch name ends in ".lock": git forbids it for this reason
  const inRefs = below.filter((name) => name.endsWith('.lock')).map((name) => path.join('refs', name));
  return [...top, ...inRefs].map((name) => path.join(repository, name));
}

/** Whether a push, a fetch or one of Switchyard's git processes is using the repository. */
export function isInUse(repository: string): boolean {
  const wanted = `GIT_DIR=${repository}`;
  return allPids().some((pid) => {
    try {
      // a git process that serves a push or a fetch changes to the folder, as do its hooks
      if (`${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${repository}/`)) return true;
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(wanted);
    } catch {
      return false;
    }
  });
}
