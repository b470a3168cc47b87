/**
 * Flushes a release to disk, because it must survive a power cut before users get it. Flushing runs in parallel with
 * the migration and the start, so a deployment rarely waits for it.
 */
import type { Commit } from '../core/release';
import type { Home } from '../home/home';
import { flushFileSystems } from '../os/flush';
import { writeInventory } from './file-list';
import { isOnDisk, recordOnDisk, releaseFolder } from './releases';

interface Place {
  home: Home;
  /** The clone, which may be the source of a release's packages. */
  root: string;
}

/** Flushes of this process in progress, by commit. */
const flushing = new Map<Commit, Promise<void>>();

/** Starts to flush a new release and its sources: the packages, git, and the clone's own build. */
export function startFlush({ home, root }: Place, commit: Commit): void {
  if (flushing.has(commit) || isOnDisk(home, commit)) return;
  const work = flush(home, root, commit);
  const over = (): unknown => flushing.delete(commit);
  // waitUntilDurable reports a failure
  work.then(over, over);
  flushing.set(commit, work);
}

async function flush(home: Home, root: string, commit: Commit): Promise<void> {
  await writeInventory(releaseFolder(home, commit));
  await flushFileSystems([home.dir, root]);
  recordOnDisk(home, commit, true);
}

/** Waits until the release survives a power cut. Throws E_DISK, and the signal's reason. */
export async function waitUntilDurable(context: Place, commit: Commit, signal?: AbortSignal): Promise<void> {
  startFlush(context, commit);
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
