import type { Inventory } from '../../../deploy/core/prune';
import { decidePrune } from '../../../deploy/core/prune';
import { goodReleases, rollbackTarget } from '../../../deploy/core/rollback-target';
import { isOver } from '../../../deploy/core/transitions';
import type { Deployment } from '../../../deploy/core/deployment';
import type { Commit } from '../../../deploy/core/release';
import { commit, deployment } from '../../support/deployments';

const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'].map(commit) as [string, string, string, string, string];

const good = (id: number, of: Commit): Deployment =>
  deployment({ id, commit: of, state: 'succeeded', finishedAt: 1 });
const bad = (id: number, of: Commit): Deployment =>
  deployment({ id, commit: of, state: 'failed', fault: 'commit', cause: 'x', finishedAt: 1 });

function inventory(known: Partial<Inventory>): Inventory {
  return {
    history: [],
    active: null,
    inUse: [],
    releases: [],
    stores: [],
    storeOf: new Map(),
    logs: [],
    keep: 1,
    sizes: new Map(),
    keepBytes: Infinity,
    ...known,
  };
}

describe('pruning releases', () => {
  const history = [good(1, A), good(2, B), good(3, C), good(4, D), good(5, E)];

  it('keeps the active and the warm release, and the last good ones besides', () => {
    const given = { history, active: E, inUse: [E, D], releases: [A, B, C, D, E] };
    expect(decidePrune(inventory({ ...given, keep: 1 })).releases).toEqual([A, B]);
    expect(decidePrune(inventory({ ...given, keep: 2 })).releases).toEqual([A]);
    expect(decidePrune(inventory({ ...given, keep: 9 })).releases).toEqual([]);
  });

  it('removes failed releases before old good ones', () => {
    const given = { history: [...history, bad(6, B)], active: E, inUse: [E], releases: [A, B, C, D, E] };
    expect(decidePrune(inventory({ ...given, keep: 1 })).releases).toEqual([B, A, C]);
  });

  it('keeps the rollback target, even if newer releases go', () => {
    const given = { history, active: B, inUse: [B], releases: [A, B, C, D, E], keep: 1 };
    expect(decidePrune(inventory(given)).releases).toEqual([C, D, E]);
  });

  it('keeps the release of a held deployment', () => {
    const holding = deployment({ id: 6, commit: A, state: 'holding' });
    const given = { history: [...history, holding], active: E, inUse: [E], releases: [A, B, C, D, E] };
    expect(decidePrune(inventory(given)).releases).toEqual([B, C]);
  });
});

describe('pruning package stores', () => {
  it('keeps the newest store and every store that a kept release needs', () => {
    const given = inventory({
      history: [good(1, A), good(2, B), good(3, C)],
      active: C,
      inUse: [C, B],
      releases: [A, B, C],
      keep: 1,
      stores: ['a', 'b', 'c', 'new'].map((key, madeAt) => ({ key, madeAt })),
      storeOf: new Map([
        [B, 'b'],
        [C, 'b'],
        [A, 'a'],
      ]),
    });
    expect(decidePrune(given).stores).toEqual(['c']);
    expect(decidePrune({ ...given, history: [good(2, B), good(3, C)] }).stores).toEqual(['a', 'c']);
  });
});

describe('the disk limit', () => {
  const history = [good(1, A), good(2, B), good(3, C), good(4, D), good(5, E)];
  /** Five releases with 10 bytes of their own and 90 bytes of packages each, stored under these keys. */
  const given = (keys: string[], keepBytes: number): Inventory =>
    inventory({
      history,
      active: E,
      inUse: [E],
      releases: [A, B, C, D, E],
      keep: 9,
      keepBytes,
      sizes: new Map([A, B, C, D, E].map((each) => [each, { bytes: 100, ownBytes: 10 }])),
      storeOf: new Map([A, B, C, D, E].map((each, at) => [each, keys[at] as string])),
      stores: [...new Set(keys)].map((key, madeAt) => ({ key, madeAt })),
    });

  it('removes the oldest good releases until the rest fits, with the packages that only they used', () => {
    const own = ['a', 'b', 'c', 'd', 'e'];
    expect(decidePrune(given(own, 500))).toMatchObject({ releases: [], stores: [] });
    expect(decidePrune(given(own, 499))).toMatchObject({ releases: [A], stores: ['a'] });
    expect(decidePrune(given(own, 300))).toMatchObject({ releases: [A, B], stores: ['a', 'b'] });
  });

  it('counts shared packages once', () => {
    expect(decidePrune(given(['x', 'x', 'x', 'x', 'x'], 140)).releases).toEqual([]);
    expect(decidePrune(given(['x', 'x', 'x', 'x', 'x'], 139)).releases).toEqual([A]);
  });

  it('keeps an old release whose removal would free almost nothing', () => {
    expect(decidePrune(given(['e', 'b', 'c', 'd', 'e'], 310))).toMatchObject({
      releases: [B],
      stores: ['b'],
    });
  });

  it('never removes the active release, the warm release or the rollback target', () => {
    const own = given(['a', 'b', 'c', 'd', 'e'], 0);
    expect(decidePrune(own).releases).toEqual([A, B, C]);
    expect(decidePrune({ ...own, inUse: [E, A] }).releases).toEqual([B, C]);
    expect(decidePrune({ ...own, active: C, inUse: [C] }).releases).toEqual([A, D, E]);
  });

  it('counts a release of unknown size as zero bytes', () => {
    expect(decidePrune({ ...given(['a', 'b', 'c', 'd', 'e'], 1), sizes: new Map() }).releases).toEqual([]);
  });
});

describe('pruning logs and events', () => {
  const history = Array.from({ length: 250 }, (_, index) => good(index + 1, A));

  it('keeps those of the last 200 deployments', () => {
    const { logs, eventsBefore } = decidePrune(inventory({ history, logs: [1, 49, 50, 51, 250] }));
    expect({ logs, eventsBefore }).toEqual({ logs: [1, 49, 50], eventsBefore: 51 });
  });

  it('keeps those of an unfinished deployment', () => {
    const given = history.map((d) => (d.id === 10 ? { ...d, state: 'queued' as const } : d));
    expect(decidePrune(inventory({ history: given })).eventsBefore).toBe(10);
  });

  it('removes nothing while there are few deployments', () => {
    expect(decidePrune(inventory({ history: [good(1, A)], logs: [1] }))).toMatchObject({
      logs: [],
      eventsBefore: 0,
    });
  });
});

describe('pruning after any history', () => {
  const seeds = Array.from({ length: 300 }, (_, seed) => seed);

  it.each(seeds)('keeps everything needed and nothing else (seed %i)', (seed) => {
    const given = randomInventory(seed);
    const { releases: removed } = decidePrune(given);
    const kept = given.releases.filter((each) => !removed.includes(each));
    const target = given.active && rollbackTarget(given.history, given.active);

    expect(removed.filter((each) => given.inUse.includes(each) || each === given.active)).toEqual([]);
    if (target && given.releases.includes(target)) expect(kept).toContain(target);
    for (const { commit: wanted } of given.history.filter(({ state }) => !isOver(state))) {
      expect(removed).not.toContain(wanted);
    }
    const busy = new Set([
      ...given.inUse,
      given.active,
      ...given.history.filter(({ state }) => !isOver(state)).map((d) => d.commit),
    ]);
    const spare = kept.filter((each) => !busy.has(each));
    expect(spare.length).toBeLessThanOrEqual(given.keep);
    const goodOnes = goodReleases(given.history).map((each) => each.commit);
    expect(spare.filter((each) => !goodOnes.includes(each))).toEqual([]);
    if (given.keepBytes === Infinity && removed.some((each) => goodOnes.includes(each)))
      expect(spare).toHaveLength(given.keep);
    // releases that never were good go first
    const firstGood = removed.findIndex((each) => goodOnes.includes(each));
    if (firstGood !== -1)
      expect(removed.slice(firstGood).filter((each) => !goodOnes.includes(each))).toEqual([]);
    // a second run has nothing to do
    expect(decidePrune({ ...given, releases: kept }).releases).toEqual([]);
  });
});

/** A random history and inventory, the same for the same seed. */
function randomInventory(seed: number): Inventory {
  const next = random(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  const commits = Array.from({ length: 2 + Math.floor(next() * 8) }, (_, index) => commit(`${index}`));
  const states = [
    'succeeded',
    'succeeded',
    'succeeded',
    'failed',
    'rolled-back',
    'superseded',
    'interrupted',
  ] as const;
  const history = Array.from({ length: Math.floor(next() * 30) }, (_, index) =>
    deployment({
      id: index + 1,
      commit: pick(commits),
      kind: pick(['deploy', 'deploy', 'deploy', 'rollback', 'restore']),
      state: pick(states),
      fault: pick(['commit', 'machine', 'operator']),
      cause: 'it failed',
      finishedAt: 1,
    }),
  );
  if (next() < 0.2) history.push(deployment({ id: 99, commit: pick(commits), state: 'queued' }));
  const active = next() < 0.1 ? null : pick(commits);
  return inventory({
    history,
    active,
    inUse: [active, pick(commits)].filter((each) => each !== null),
    releases: commits.filter(() => next() < 0.8),
    keep: 1 + Math.floor(next() * 4),
    ...(next() < 0.5 && { keepBytes: Math.floor(next() * 400) }),
    sizes: new Map(commits.map((each) => [each, { bytes: 100, ownBytes: Math.floor(next() * 100) }])),
    storeOf: new Map(commits.map((each) => [each, pick(['x', 'y', 'z'])])),
  });
}

/** Mulberry32: the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
