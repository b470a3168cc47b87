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

function found(known: Partial<Inventory>): Inventory {
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

describe('releases', () => {
  const history = [good(1, A), good(2, B), good(3, C), good(4, D), good(5, E)];

  it('of which the last good ones stay besides the active and the warm one', () => {
    const look = { history, active: E, inUse: [E, D], releases: [A, B, C, D, E] };
    expect(decidePrune(found({ ...look, keep: 1 })).releases).toEqual([A, B]);
    expect(decidePrune(found({ ...look, keep: 2 })).releases).toEqual([A]);
    expect(decidePrune(found({ ...look, keep: 9 })).releases).toEqual([]);
  });

  it('go failed ones first, then the oldest', () => {
    const look = { history: [...history, bad(6, B)], active: E, inUse: [E], releases: [A, B, C, D, E] };
    expect(decidePrune(found({ ...look, keep: 1 })).releases).toEqual([B, A, C]);
  });

  it('keep what a rollback would go to, older than the newest as it may be', () => {
    const look = { history, active: B, inUse: [B], releases: [A, B, C, D, E], keep: 1 };
    expect(decidePrune(found(look)).releases).toEqual([C, D, E]);
  });

  it('of a deployment that waits, works or holds stay', () => {
    const holding = deployment({ id: 6, commit: A, state: 'holding' });
    const look = { history: [...history, holding], active: E, inUse: [E], releases: [A, B, C, D, E] };
    expect(decidePrune(found(look)).releases).toEqual([B, C]);
  });
});

describe('stores of packages', () => {
  it('stay while a release that is kept needs them; and so does the newest', () => {
    const look = found({
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
    expect(decidePrune(look).stores).toEqual(['c']);
    expect(decidePrune({ ...look, history: [good(2, B), good(3, C)] }).stores).toEqual(['a', 'c']);
  });
});

describe('the limit on the disk', () => {
  const history = [good(1, A), good(2, B), good(3, C), good(4, D), good(5, E)];
  /** Each release has 10 bytes of its own and 90 of packages, under these keys. */
  const look = (keys: string[], keepBytes: number): Inventory =>
    found({
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

  it('removes the oldest good releases that do not fit, with the packages that only they used', () => {
    const own = ['a', 'b', 'c', 'd', 'e'];
    expect(decidePrune(look(own, 500))).toMatchObject({ releases: [], stores: [] });
    expect(decidePrune(look(own, 499))).toMatchObject({ releases: [A], stores: ['a'] });
    expect(decidePrune(look(own, 300))).toMatchObject({ releases: [A, B], stores: ['a', 'b'] });
  });

  it('counts packages once for all releases that share them', () => {
    expect(decidePrune(look(['x', 'x', 'x', 'x', 'x'], 140)).releases).toEqual([]);
    expect(decidePrune(look(['x', 'x', 'x', 'x', 'x'], 139)).releases).toEqual([A]);
  });

  it('keeps an old release whose removal would free almost nothing', () => {
    expect(decidePrune(look(['e', 'b', 'c', 'd', 'e'], 310))).toMatchObject({
      releases: [B],
      stores: ['b'],
    });
  });

  it('never removes the active release, the warm one or the rollback target', () => {
    const own = look(['a', 'b', 'c', 'd', 'e'], 0);
    expect(decidePrune(own).releases).toEqual([A, B, C]);
    expect(decidePrune({ ...own, inUse: [E, A] }).releases).toEqual([B, C]);
    expect(decidePrune({ ...own, active: C, inUse: [C] }).releases).toEqual([A, D, E]);
  });

  it('counts a release that could not be measured as nothing', () => {
    expect(decidePrune({ ...look(['a', 'b', 'c', 'd', 'e'], 1), sizes: new Map() }).releases).toEqual([]);
  });
});

describe('logs and events', () => {
  const history = Array.from({ length: 250 }, (_, index) => good(index + 1, A));

  it('stay for the last 200 deployments', () => {
    const { logs, eventsBefore } = decidePrune(found({ history, logs: [1, 49, 50, 51, 250] }));
    expect({ logs, eventsBefore }).toEqual({ logs: [1, 49, 50], eventsBefore: 51 });
  });

  it('stay for one that is not over', () => {
    const look = history.map((d) => (d.id === 10 ? { ...d, state: 'queued' as const } : d));
    expect(decidePrune(found({ history: look })).eventsBefore).toBe(10);
  });

  it('stay all while there are few', () => {
    expect(decidePrune(found({ history: [good(1, A)], logs: [1] }))).toMatchObject({
      logs: [],
      eventsBefore: 0,
    });
  });
});

describe('whatever has happened', () => {
  const seeds = Array.from({ length: 300 }, (_, seed) => seed);

  it.each(seeds)('nothing that is needed goes, and nothing else stays (%i)', (seed) => {
    const look = someday(seed);
    const { releases: removed } = decidePrune(look);
    const kept = look.releases.filter((each) => !removed.includes(each));
    const target = look.active && rollbackTarget(look.history, look.active);

    expect(removed.filter((each) => look.inUse.includes(each) || each === look.active)).toEqual([]);
    if (target && look.releases.includes(target)) expect(kept).toContain(target);
    for (const { commit: asked } of look.history.filter(({ state }) => !isOver(state))) {
      expect(removed).not.toContain(asked);
    }
    const busy = new Set([
      ...look.inUse,
      look.active,
      ...look.history.filter(({ state }) => !isOver(state)).map((d) => d.commit),
    ]);
    const spare = kept.filter((each) => !busy.has(each));
    expect(spare.length).toBeLessThanOrEqual(look.keep);
    const goodOnes = goodReleases(look.history).map((each) => each.commit);
    expect(spare.filter((each) => !goodOnes.includes(each))).toEqual([]);
    if (look.keepBytes === Infinity && removed.some((each) => goodOnes.includes(each)))
      expect(spare).toHaveLength(look.keep);
    // what never was good goes first
    const firstGood = removed.findIndex((each) => goodOnes.includes(each));
    if (firstGood !== -1)
      expect(removed.slice(firstGood).filter((each) => !goodOnes.includes(each))).toEqual([]);
    // done once, there is nothing left to do
    expect(decidePrune({ ...look, releases: kept }).releases).toEqual([]);
  });
});

/** A machine's past, made up from a number. */
function someday(seed: number): Inventory {
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
  return found({
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
