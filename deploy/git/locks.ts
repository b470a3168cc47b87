/**
 * A git that is killed leaves its `*.lock` files, and every later one then refuses to work. Ours carry GIT_DIR
 * in their environment, so it can be told whether one still runs.
 */
import { existsSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Removes the lock files of a bare repository of ours when no git process works in it. */
export function removeDeadLocks(repository: string): void {
  for (const lock of deadLocks(repository)) rmSync(lock, { force: true });
}

/** The lock files that no running git has made. */
export function deadLocks(repository: string): string[] {
  // first the locks: no later git can make one that is there already
  const locks = locksIn(repository);
  return locks.length === 0 || isInUse(repository) ? [] : locks;
}

function locksIn(repository: string): string[] {
  const top = namesIn(repository).filter((name) => name.endsWith('.lock'));
  const refs = path.join(repository, 'refs');
  const below = existsSync(refs) ? readdirSync(refs, { recursive: true, encoding: 'utf8' }) : [];
  // a branch cannot be called "x.lock": git forbids it for this very reason
  const inRefs = below.filter((name) => name.endsWith('.lock')).map((name) => path.join('refs', name));
  return [...top, ...inRefs].map((name) => path.join(repository, name));
}

/** Whether a git process of ours works in it, a push into it, or a fetch from it. */
export function isInUse(repository: string): boolean {
  const wanted = `GIT_DIR=${repository}`;
  return namesIn('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      // a git that receives or sends changes to the folder, and so do its hooks
      if (`${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${repository}/`)) return true;
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(wanted);
    } catch {
      return false;
    }
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
