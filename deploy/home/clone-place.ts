/**
 * Tracks whether the clone in which this process was started is still in place. A process survives a move of its
 * folder, but files that it then loads by path are missing or belong to another clone.
 */
import { readlinkSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { KnownError } from '../core/errors';
import { shellQuote } from '../core/shell-word';

export interface ClonePlace {
  /** Path of the clone when the process started. */
  root: string;
  /** Its current path; null if it has been removed, or moved to where this process cannot see it. */
  now: string | null;
}

/** Remembers the folder by inode, not by path. After a move, finds it only if the process was started in it. */
export function watchPlace(root: string): () => ClonePlace {
  const began = statOf(root);
  return () => ({ root, now: isSame(statOf(root), began) ? root : whereItWent(began) });
}

/** True if the deployer was started from the clone at `root` and the clone is still there. */
export function isInPlace(clone: ClonePlace | undefined, root: string): boolean {
  return clone?.root === root && clone.now === root;
}

/** Throws E_MOVED if the clone is no longer at its path. */
export function mustBeInPlace({ root, now }: ClonePlace): void {
  if (now === root) return;
  throw new KnownError('E_MOVED', movedSentence({ root, now }), movedHint(now));
}

export function movedSentence({ root, now }: ClonePlace): string {
  return now === null
    ? `The clone that the deployer runs from, ${root}, was removed.`
    : `The clone that the deployer runs from was moved from ${root} to ${now}.`;
}

function movedHint(now: string | null): string | undefined {
  return now === null ? undefined : `Run npm start there: cd ${shellQuote(now)} && npm start`;
}

/** The kernel updates a process's working directory when the folder is moved. */
function whereItWent(began: Stats | null): string | null {
  const now = linkTarget('/proc/self/cwd');
  return now !== null && isSame(statOf(now), began) ? now : null;
}

function isSame(one: Stats | null, other: Stats | null): boolean {
  return one !== null && other !== null && one.ino === other.ino && one.dev === other.dev;
}

function statOf(folder: string): Stats | null {
  return statSync(folder, { throwIfNoEntry: false }) ?? null;
}

function linkTarget(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}
