/**
 * A release must survive a power cut before users get it. Flushing runs beside the migration and the start, so that the
 * deployment rarely waits for it.
 */
import type { Commit } from '../core/release';
import type { Home } from '../home/home';
import { flushFileSystems } from '../os/flush';
import { writeInventory } from './file-list';
import { isOnDisk, noteOnDisk, releaseFolder } from './releases';

interface Place {
  home: Home;
  /** The clone, which a release's packages may come from. */
  root: string;
}

/** Those of this process that are at work, by their commits. */
const flushing = new Map<Commit, Promise<void>>();

/** Begins to flush a release that was made just now, and what it was made from: the packages, git, the clone's own build. */
export function beginFlush({ home, root }: Place, commit: Commit): void {
  if (flushing.has(commit) || isOnDisk(home, commit)) return;
  const work = flush(home, root, commit);
  const over = (): unknown => flushing.delete(commit);
  // whoever waits for it hears of its failure
  work.then(over, over);
  flushing.set(commit, work);
}

async function flush(home: Home, root: string, commit: Commit): Promise<void> {
  await writeInventory(releaseFolder(home, commit));
  await flushFileSystems([home.dir, root]);
  noteOnDisk(home, commit, true);
}

/** Waits until the release survives a power cut. Throws E_DISK, and the signal's reason. */
export async function untilOnDisk(context: Place, commit: Commit, signal?: AbortSignal): Promise<void> {
  beginFlush(context, commit);
  const work = flushing.get(commit);
  if (work) await Promise.race([work, abortOf(signal)]);
}

function abortOf(signal?: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const give = (): void => reject(signal?.reason as Error);
    if (signal?.aborted) give();
    signal?.addEventListener('abort', give, { once: true });
  });
}
