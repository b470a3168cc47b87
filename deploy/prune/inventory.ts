/** Takes an inventory of everything that deployments have left in the home, for pruning. */
import { existsSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { Inventory, ReleaseSize } from '../core/prune';
import { nextNumber, variablesFor } from '../config/app-environment';
import { parseSize } from '../core/capacity';
import { allTables, tableFolder } from '../core/traffic-table';
import type { Deployment } from '../core/deployment';
import type { Commit } from '../core/release';
import { changedAt } from '../os/newest';
import type { DeployContext } from '../context';
import { isPartial } from '../release/packages/store';
import { keyOf } from '../release/packages/install';
import { isShareable, readPackageFiles } from '../release/packages/package-files';
import { foldersInUse } from '../release/folders-in-use';
import { commitOfName, findRelease, releaseFolder, strayNames } from '../release/releases';
import { measureRelease, recordedSize } from '../release/size';
import { namesIn } from '../os/names-in';

/** The number of newest deployments whose logs and events are kept. */
const RECENT = 1000;

/** Collects the facts for the decision. Takes no lock and changes nothing. */
export async function takeInventory(
  context: Omit<DeployContext, 'root' | 'packing' | 'configProblem'>,
): Promise<Inventory> {
  const { home, journal, slots, config } = context;
  const observed = { table: await context.traffic.current(), running: await context.runtime.list() };
  const lastLive = journal.lastLive()?.to?.commit ?? null;
  const active = observed.running.find(({ slot }) => slot === observed.table.active)?.commit ?? lastLive;
  const releases = namesIn(home.releases)
    .filter(isCommit)
    .filter((commit) => findRelease(home, commit));
  return {
    history: everyOnce([...journal.verdicts(), ...journal.history(RECENT), ...journal.pending()]),
    active,
    inUse: [
      ...observed.running.map(({ commit }) => commit),
      ...slots.flatMap(({ name }) => journal.lastInSlot(name)?.to?.commit ?? []),
      ...(lastLive ? [lastLive] : []),
      ...[...foldersInUse(home)].flatMap((name) => commitOfName(name) ?? []),
    ],
    releases,
    stores: storesIn(home.modules),
    storeOf: await storesOf(context, releases),
    logs: namesIn(home.logs)
      .flatMap((name) => /^deployment-(\d+)\.log$/.exec(name)?.[1] ?? [])
      .map(Number),
    keep: config.keep.releases,
    sizes: await sizesOf(context, releases),
    keepBytes: parseSize(config.keep.disk),
  };
}

function everyOnce(deployments: Deployment[]): Deployment[] {
  return [...new Map(deployments.map((each) => [each.id, each])).values()];
}

/**
 * Lists leftovers of killed processes and earlier settings. The caller holds the lock, so no release is being built.
 */
export function findLeftovers({ home, slots }: Pick<DeployContext, 'home' | 'slots'>): string[] {
  const tables = new Set(allTables(slots.map(({ name }) => name)).map(tableFolder));
  const inForce = linkTarget(home.traffic);
  const at = (folder: string, isLeft: (name: string) => boolean): string[] =>
    namesIn(folder)
      .filter(isLeft)
      .map((name) => path.join(folder, name));
  return [
    ...strayNames(home).map((name) => path.join(home.releases, name)),
    ...at(home.modules, (name) => isPartial(path.join(home.modules, name))),
    ...at(home.tables, (name) => !tables.has(name) && name !== inForce),
  ];
}

function storesIn(modules: string): Inventory['stores'] {
  return namesIn(modules)
    .filter((key) => !isPartial(path.join(modules, key)))
    .map((key) => ({ key, madeAt: changedAt(path.join(modules, key)) }));
}

async function storesOf(
  { home, journal }: Pick<DeployContext, 'home' | 'journal'>,
  releases: Commit[],
): Promise<Map<Commit, string>> {
  const variables = variablesFor(home, nextNumber(home, journal), 'install');
  const stores = new Map<Commit, string>();
  for (const commit of releases) {
    const folder = releaseFolder(home, commit);
    if (!existsSync(path.join(folder, 'package.json'))) continue;
    const files = readPackageFiles(folder);
    if (isShareable(files)) stores.set(commit, await keyOf(home, files, variables));
  }
  return stores;
}

/** Measures the releases whose size is not recorded yet. */
async function sizesOf(
  { home }: Pick<DeployContext, 'home'>,
  releases: Commit[],
): Promise<Map<Commit, ReleaseSize>> {
  const sizes = new Map<Commit, ReleaseSize>();
  for (const commit of releases) {
    // a release whose files change during the measurement does not count this time
    const size = recordedSize(home, commit) ?? (await measureRelease(home, commit).catch(() => null));
    if (size !== null) sizes.set(commit, size);
  }
  return sizes;
}

function isCommit(name: string): boolean {
  return /^[0-9a-f]{40}$/.test(name);
}

function linkTarget(link: string): string | null {
  try {
    return path.basename(readlinkSync(link));
  } catch {
    return null;
  }
}
