/**
 * Removes what is not kept, in small bites: each takes the lock for a moment, and only while no deployment runs or
 * waits. So none is ever held up by it, and none meets a release that is half gone.
 */
import path from 'node:path';
import { configNow } from '../config-now';
import type { Found, Prune } from '../core/prune';
import { decidePrune } from '../core/prune';
import type { Commit } from '../core/types';
import { deploymentLog } from '../command';
import { isLocked, tryLock } from '../lock';
import { emptyTrash, putInTrash } from '../trash';
import type { Yard } from '../yard';
import { findAll, findLeftovers } from './found';
import { inventoryFile } from './inventory';
import { removeReadyFiles } from './ready-files';
import { noteSize, notedSize, releaseFolder } from './releases';

type Bite = () => void | Promise<void>;

/** In the deployer: whenever nothing else is to do. Stops as soon as a deployment comes; the next time goes on. */
export async function prune(yard: Yard): Promise<void> {
  const newest = newestDeployment(yard);
  const found = await findAll(withFreshConfig(yard));
  for (const bite of bitesOf(yard, decidePrune(found))) {
    if (!(await inALull(yard, newest, bite))) return;
  }
  await emptyTrash(yard.home, () => !isLocked(yard.home));
  await noteSizes(yard, newest, found);
}

/** Notes the measured sizes for the next deployment's preflight and the next prune. Runs off the critical path. */
async function noteSizes(yard: Yard, newest: number, { sizes }: Found): Promise<void> {
  const { home } = yard;
  for (const [commit, size] of sizes) {
    if (notedSize(home, commit) !== null) continue;
    if (!(await inALull(yard, newest, () => noteSize(home, commit, size)))) return;
  }
}

/** In a deployment, which holds the lock, when the disk is too full for it. */
export async function pruneNow(yard: Yard): Promise<void> {
  for (const bite of bitesOf(yard, decidePrune(await findAll(yard)))) await bite();
  await removeReadyFiles(yard.home);
  await emptyTrash(yard.home, () => true);
}

function bitesOf(yard: Yard, { releases, stores, logs, eventsBefore }: Prune): Bite[] {
  const { home, journal } = yard;
  return [
    ...releases.map((commit) => () => discard(yard, commit)),
    ...stores.map((key) => () => putInTrash(home, path.join(home.modules, key))),
    () => {
      for (const file of findLeftovers(yard)) putInTrash(home, file);
    },
    () => {
      for (const id of logs) putInTrash(home, deploymentLog(home, id));
    },
    ...(eventsBefore > 0 ? [() => journal.forgetBefore(eventsBefore)] : []),
    () => journal.forgetDeployments(yard.slots.map(({ name }) => name)),
  ];
}

/** Its pack, then the manifest: without it the folder is no release any more. */
async function discard({ home, packing }: Yard, commit: Commit): Promise<void> {
  await packing.remove(commit);
  const folder = releaseFolder(home, commit);
  putInTrash(home, path.join(home.releases, `${commit}.json`));
  putInTrash(home, folder);
  putInTrash(home, inventoryFile(folder));
}

/** False when a deployment runs or waits, or has come since the look: what is in use may be another by now. */
async function inALull(yard: Yard, newest: number, bite: Bite): Promise<boolean> {
  const lock = tryLock(yard.home);
  if (lock === null) return false;
  try {
    if (yard.journal.pending().length > 0 || newestDeployment(yard) !== newest) return false;
    await bite();
    return true;
  } finally {
    lock.release();
  }
}

function newestDeployment({ journal }: Yard): number {
  return journal.history(1)[0]?.id ?? 0;
}

/** An edit of the file counts without a new start. */
function withFreshConfig(yard: Yard): Yard {
  return { ...yard, config: configNow(yard.home, yard.root) };
}
