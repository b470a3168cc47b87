/** The files of a home once the deployer has tidied up, which it does after a deployment ends. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../deploy/config/load';
import { slotsOf } from '../../deploy/config/load';
import { decidePrune } from '../../deploy/core/prune';
import type { Runtime } from '../../deploy/core/interfaces';
import type { Home } from '../../deploy/home/home';
import { Journal } from '../../deploy/journal/journal';
import { isLocked } from '../../deploy/journal/deployment-lock';
import { takeInventory, findLeftovers } from '../../deploy/prune/inventory';
import { sizeOfRelease } from '../../deploy/release/size';
import { createTraffic } from '../../deploy/traffic/nginx-traffic';
import { until } from './until';

const PASSING = ['trash', 'ready', 'deliveries.json'];

/** File names in the home, its releases and its package stores. */
export async function filesAtRest(home: Home, config: Config, runtime: Runtime): Promise<string[]> {
  await until('the deployer to have tidied up', () => isTidy(home, config, runtime));
  return filesOf(home);
}

/** By the deployer's own rules: nothing runs, nothing is left to prune, and every release is measured. */
async function isTidy(home: Home, config: Config, runtime: Runtime): Promise<boolean> {
  const journal = Journal.open(home);
  const traffic = createTraffic({ home, httpPort: config.http.port });
  const context = { home, config, slots: slotsOf(config), journal, runtime, traffic };
  try {
    // a process that holds the lock may be removing a release
    if (journal.pending().length > 0 || isLocked(home)) return false;
    const found = await takeInventory(context);
    const { releases, stores } = decidePrune(found);
    const removable = [...releases, ...stores, ...findLeftovers(context)];
    return removable.length === 0 && found.releases.every((commit) => sizeOfRelease(home, commit) !== null);
  } finally {
    journal.close();
  }
}

/**
 * Leaves out what comes and goes: SQLite's side files, the trash, files linked ahead for the next release, and the record
 * of webhooks, which is written some seconds later.
 */
function filesOf({ dir, releases, modules, mirrorGit }: Home): string[] {
  return [dir, releases, modules, mirrorGit]
    .flatMap((folder) => readdirSync(folder).map((name) => path.join(path.relative(dir, folder), name)))
    .filter((name) => !PASSING.includes(name) && !/-(wal|shm|journal)$/.test(name))
    .sort();
}
