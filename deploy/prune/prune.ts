/**
 * Removes outdated files in small steps. Each step takes the lock for a moment, and only while no deployment is running
 * or queued. So pruning never delays a deployment, and no deployment sees a half-removed release.
 */
import path from 'node:path';
import { configNow } from '../config/current';
import type { Inventory, Prune } from '../core/prune';
import { decidePrune } from '../core/prune';
import type { Commit } from '../core/release';
import { deploymentLog } from '../os/command';
import { isLocked, tryLock } from '../journal/deployment-lock';
import { emptyTrash, putInTrash } from '../home/trash';
import type { DeployContext } from '../context';
import { takeInventory, findLeftovers } from './inventory';
import { inventoryFile } from '../release/file-list';
import { manifestFile } from '../release/manifest';
import { removePreparedCheckout } from '../release/checkout-cache';
import { releaseFolder } from '../release/releases';
import { recordSize, recordedSize } from '../release/size';

type Bite = () => void | Promise<void>;

/** Runs in the deployer when it is idle. Stops as soon as a deployment is queued; the next run continues. */
export async function prune(context: DeployContext): Promise<void> {
  const newest = newestDeployment(context);
  const found = await takeInventory(withFreshConfig(context));
  for (const bite of bitesOf(context, decidePrune(found))) {
    if (!(await inALull(context, newest, bite))) return;
  }
  await emptyTrash(context.home, () => !isLocked(context.home));
  await noteSizes(context, newest, found);
}

/** Records the measured sizes for the next deployment's preflight and the next prune. Runs off the critical path. */
async function noteSizes(context: DeployContext, newest: number, { sizes }: Inventory): Promise<void> {
  const { home } = context;
  for (const [commit, size] of sizes) {
    if (recordedSize(home, commit) !== null) continue;
    if (!(await inALull(context, newest, () => recordSize(home, commit, size)))) return;
  }
}

/** Runs in a deployment, which holds the lock, if its preflight finds the disk too full. */
export async function pruneNow(context: DeployContext): Promise<void> {
  for (const bite of bitesOf(context, decidePrune(await takeInventory(context)))) await bite();
  await removePreparedCheckout(context.home);
  await emptyTrash(context.home, () => true);
}

function bitesOf(context: DeployContext, { releases, stores, logs, eventsBefore }: Prune): Bite[] {
  const { home, journal } = context;
  return [
    ...releases.map((commit) => () => discard(context, commit)),
    ...stores.map((key) => () => putInTrash(home, path.join(home.modules, key))),
    () => {
      for (const file of findLeftovers(context)) putInTrash(home, file);
    },
    () => {
      for (const id of logs) putInTrash(home, deploymentLog(home, id));
    },
    ...(eventsBefore > 0 ? [() => journal.forgetBefore(eventsBefore)] : []),
    () => journal.forgetDeployments(context.slots.map(({ name }) => name)),
  ];
}

/** Removes the image first, then the manifest, without which the folder does not count as a release. */
async function discard({ home, packing }: DeployContext, commit: Commit): Promise<void> {
  await packing.remove(commit);
  const folder = releaseFolder(home, commit);
  putInTrash(home, manifestFile(home, commit));
  putInTrash(home, folder);
  putInTrash(home, inventoryFile(folder));
}

/** False if a deployment is running or queued, or was queued since the inventory, which may then be out of date. */
async function inALull(context: DeployContext, newest: number, bite: Bite): Promise<boolean> {
  const lock = tryLock(context.home);
  if (lock === null) return false;
  try {
    if (context.journal.pending().length > 0 || newestDeployment(context) !== newest) return false;
    await bite();
    return true;
  } finally {
    lock.release();
  }
}

function newestDeployment({ journal }: DeployContext): number {
  return journal.history(1)[0]?.id ?? 0;
}

/** An edit of the configuration file applies without a restart. */
function withFreshConfig(context: DeployContext): DeployContext {
  return { ...context, config: configNow(context.home, context.root) };
}
