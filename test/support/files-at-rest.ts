/** What is on the disk of a home once the deployer has tidied up: it does so when a deployment is over, not with it. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../deploy/config/load';
import { slotsOf } from '../../deploy/config/load';
import { decidePrune } from '../../deploy/core/prune';
import type { Runtime } from '../../deploy/core/interfaces';
import type { Home } from '../../deploy/home/home';
import { Journal } from '../../deploy/journal/journal';
import { takeInventory, findLeftovers } from '../../deploy/prune/inventory';
import { sizeOfRelease } from '../../deploy/release/releases';
import { createTraffic } from '../../deploy/traffic/nginx-traffic';
import { until } from './until';

/** Names in the home, its releases and its stores of packages. */
export async function filesAtRest(home: Home, config: Config, runtime: Runtime): Promise<string[]> {
  await until('the deployer to have tidied up', () => isTidy(home, config, runtime));
  return filesOf(home);
}

/** By the deployer's own rules: nothing works, nothing is to go, every release is measured, which is done last. */
async function isTidy(home: Home, config: Config, runtime: Runtime): Promise<boolean> {
  const journal = Journal.open(home);
  const traffic = createTraffic({ home, httpPort: config.http.port });
  const context = { home, config, slots: slotsOf(config), journal, runtime, traffic };
  try {
    if (journal.pending().length > 0) return false;
    const found = await takeInventory(context);
    const { releases, stores } = decidePrune(found);
    const going = [...releases, ...stores, ...findLeftovers(context)];
    return going.length === 0 && found.releases.every((commit) => sizeOfRelease(home, commit) !== null);
  } finally {
    journal.close();
  }
}

/** Logs, what SQLite keeps beside its files, what pruning has put aside and what waits for the next release come and go. */
function filesOf({ dir, releases, modules, mirrorGit }: Home): string[] {
  return [dir, releases, modules, mirrorGit]
    .flatMap((folder) => readdirSync(folder).map((name) => path.join(path.relative(dir, folder), name)))
    .filter((name) => name !== 'trash' && name !== 'ready' && !/-(wal|shm|journal)$/.test(name))
    .sort();
}
