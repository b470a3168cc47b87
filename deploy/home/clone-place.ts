/**
 * Is the clone that this process was started in still where it was? Processes outlive a move of their folder, but what
 * they load or start by its path is then missing, or is another clone's.
 */
import { readlinkSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { KnownError } from '../core/errors';
import { quoted } from '../core/shell-word';

export interface ClonePlace {
  /** Where the clone was when the process started. */
  root: string;
  /** Where it is now; null when it was removed, or moved where this process cannot see it. */
  now: string | null;
}

/** Remembers the folder itself, not its path. The process must have been started in it to be able to find it again. */
export function watchPlace(root: string): () => ClonePlace {
  const began = statOf(root);
  return () => ({ root, now: isSame(statOf(root), began) ? root : whereItWent(began) });
}

/** The deployer was started from the clone at `root`, and that is still there. */
export function isInPlace(clone: ClonePlace | undefined, root: string): boolean {
  return clone?.root === root && clone.now === root;
}

/** Throws E_MOVED where the clone is not at its path any more. */
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
  return now === null ? undefined : `Run npm start there: cd ${quoted(now)} && npm start`;
}

/** The kernel follows a folder that processes work in. */
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
