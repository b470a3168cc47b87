/**
 * A git that is killed leaves its `*.lock` files, and every later one then refuses to work. Ours carry GIT_DIR
 * in their environment, so it can be told whether one still runs.
 */
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Removes the lock files of a bare repository of ours when no git process of ours works in it. */
export function removeDeadLocks(repository: string): void {
  const locks = locksIn(repository);
  if (locks.length === 0 || isInUse(repository)) return;
  for (const lock of locks) rmSync(lock, { force: true });
}

function locksIn(repository: string): string[] {
  const top = namesIn(repository).filter((name) => name.endsWith('.lock'));
  const refs = path.join(repository, 'refs');
  const below = existsSync(refs) ? readdirSync(refs, { recursive: true, encoding: 'utf8' }) : [];
  // a branch cannot be called "x.lock": git forbids it for this very reason
  const inRefs = below.filter((name) => name.endsWith('.lock')).map((name) => path.join('refs', name));
  return [...top, ...inRefs].map((name) => path.join(repository, name));
}

function isInUse(repository: string): boolean {
  const wanted = `GIT_DIR=${repository}`;
  return namesIn('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(wanted);
    } catch {
      return false;
    }
  });
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
