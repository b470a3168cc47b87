/** Decides which files and events of past deployments are removed. Pure. */
import { goodReleases, rollbackTarget } from './rollback-target';
import { isOver } from './transitions';
import type { Deployment } from './deployment';
import type { Commit } from './release';

/** The disk space of a release, in bytes. */
export interface ReleaseSize {
  /** All of its files, its packages included. */
  bytes: number;
  /** Without its packages, which are hard links into the package store. */
  ownBytes: number;
}

export interface Inventory {
  /** Every deployment, in any order. */
  history: Deployment[];
  /** The commit of the active release; null if none is live. */
  active: Commit | null;
  /** Commits that run, or ran last in a slot; never removed. */
  inUse: Commit[];
  /** The releases on the disk. */
  releases: Commit[];
  /** The package stores by key, with their creation time in milliseconds since 1970. */
  stores: { key: string; madeAt: number }[];
  /** The store from which a release's packages would be linked again. */
  storeOf: ReadonlyMap<Commit, string>;
  /** Deployments that have a log. */
  logs: number[];
  /** How many good releases to keep besides those in use. */
  keep: number;
  /** Sizes of the releases, without those that could not be measured. */
  sizes: ReadonlyMap<Commit, ReleaseSize>;
  /** Limit for the releases and their packages together, in bytes. */
  keepBytes: number;
}

export interface Prune {
  /** In removal order: failed releases first, then the oldest. */
  releases: Commit[];
  stores: string[];
  logs: number[];
  /** Remove the events of all deployments before this one. */
  eventsBefore: number;
}

const DEPLOYMENTS_WITH_A_LOG = 200;

export function decidePrune(found: Inventory): Prune {
  const kept = keptReleases(found);
  const good = goodReleases(found.history).map(({ commit }) => commit);
  const releases = found.releases
    .filter((commit) => !kept.has(commit))
    // -1, a release that was never good, sorts first; then oldest to newest
    .sort((a, b) => rank(good, a) - rank(good, b));
  const oldest = oldestWithLog(found.history);
  return {
    releases,
    stores: unneededStores(found, kept),
    logs: found.logs.filter((id) => id < oldest),
    eventsBefore: oldest,
  };
}

function rank(good: Commit[], commit: Commit): number {
  const index = good.indexOf(commit);
  return index === -1 ? -1 : good.length - index;
}

/**
 * The releases in use or requested, the rollback target, and the last good ones, newest first, that fit the disk limit.
 */
function keptReleases(found: Inventory): Set<Commit> {
  const { history, active, inUse, releases, keep, keepBytes } = found;
  const kept = new Set([...inUse, ...(active ? [active] : []), ...history.flatMap(wanted)]);
  const target = active === null ? null : rollbackTarget(history, active);
  const newest = goodReleases(history).map(({ commit }) => commit);
  const candidates = [...new Set([...(target ? [target] : []), ...newest])].filter(
    (commit) => releases.includes(commit) && !kept.has(commit),
  );
  for (const commit of candidates.slice(0, keep)) {
    if (commit === target || bytesOnDisk(found, [...kept, commit]) <= keepBytes) kept.add(commit);
  }
  return kept;
}

/** The total size of these releases. Releases with the same packages share them, so packages count once. */
function bytesOnDisk({ sizes, storeOf }: Inventory, commits: Commit[]): number {
  const packages = new Map<string, number>();
  let own = 0;
  for (const commit of new Set(commits)) {
    const { bytes, ownBytes } = sizes.get(commit) ?? { bytes: 0, ownBytes: 0 };
    const key = storeOf.get(commit) ?? commit;
    own += ownBytes;
    packages.set(key, Math.max(bytes - ownBytes, packages.get(key) ?? 0));
  }
  return [...packages.values()].reduce((sum, bytes) => sum + bytes, own);
}

/** The commits of an unfinished deployment. */
function wanted({ state, commit, from, to }: Deployment): Commit[] {
  if (isOver(state)) return [];
  return [commit, from?.commit, to?.commit].filter((each) => each != null);
}

/** Always keeps the newest store: the next commit most likely has the same packages. */
function unneededStores({ stores, storeOf, releases }: Inventory, kept: Set<Commit>): string[] {
  const newest = [...stores].sort((a, b) => b.madeAt - a.madeAt)[0]?.key;
  const needed = new Set(releases.filter((commit) => kept.has(commit)).map((commit) => storeOf.get(commit)));
  return stores.map(({ key }) => key).filter((key) => key !== newest && !needed.has(key));
}

/** Never past a queued or running deployment. */
function oldestWithLog(history: Deployment[]): number {
  const ids = history.map(({ id }) => id).sort((a, b) => b - a);
  const oldest = ids[DEPLOYMENTS_WITH_A_LOG - 1] ?? 0;
  return Math.min(oldest, ...history.filter(({ state }) => !isOver(state)).map(({ id }) => id));
}
