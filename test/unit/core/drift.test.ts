/** "production runs X, not Y" is reported from the first moment until Y or a newer release is live. */
import { driftOf, driftSummary } from '../../../deploy/core/drift';
import type { Deployment } from '../../../deploy/core/deployment';
import type { Serving } from '../../../deploy/core/slot';
import { commit, deployment } from '../../support/deployments';

const V1: Serving = { slot: 'blue', commit: commit('a1'), version: '1.0.0' };
const V2: Serving = { slot: 'green', commit: commit('b2'), version: '2.0.0' };
const V3: Serving = { slot: 'blue', commit: commit('c3'), version: '3.0.0' };

const first = deploy(1, V1);
const second = deploy(2, V2);

it('no drift is reported before the first release or while the latest release is live', () => {
  expect(driftOf([], null)).toBeNull();
  expect(driftOf([first], null)).toBeNull();
  expect(driftOf([first, second], V2)).toBeNull();
});

it('drift after an automatic rollback names the cause', () => {
  const bad = deploy(2, V2, {
    state: 'rolled-back',
    fault: 'commit',
    cause: 'green answered 500.',
    finishedAt: 9,
  });
  expect(driftOf([first, bad], V1)).toMatchObject({
    runs: { commit: V1.commit },
    not: { version: '2.0.0' },
    since: 9,
  });
  expect(lineOf([first, bad], V1)).toBe(
    'production runs v1.0.0 (a100000), not v2.0.0 (b200000): green answered 500.',
  );
});

it('drift includes a release that got users but was never reported as live', () => {
  const bad = deploy(2, V2, {
    state: 'rolled-back',
    fault: 'machine',
    cause: 'nginx did not serve it.',
    liveAt: null,
  });
  expect(lineOf([first, bad], V1)).toContain('not v2.0.0 (b200000): nginx did not serve it.');
});

it("drift after an operator's rollback is reported, during the bake too", () => {
  const back = over(3, { kind: 'rollback', to: V1, commit: V1.commit, liveAt: 30 });
  const line = 'production runs v1.0.0 (a100000), not v2.0.0 (b200000): an operator rolled it back';
  expect(lineOf([first, second, back], V1)).toBe(line);
  expect(driftOf([first, second, back], V1)?.since).toBe(30);
  const baking = deploy(2, V2, {
    state: 'rolled-back',
    fault: 'operator',
    cause: 'an operator rolled it back',
  });
  expect(lineOf([back, baking, first], V1)).toBe(line);
});

it('drift after a restore of an older release is reported', () => {
  const restored = over(3, { kind: 'restore', to: V1, commit: V1.commit, liveAt: 30 });
  expect(lineOf([first, second, restored], V1)).toContain('the previous release was restored');
});

it('drift persists while newer pushes fail before they get users', () => {
  const back = over(3, { kind: 'rollback', to: V1, commit: V1.commit, liveAt: 30 });
  const failed = over(4, { kind: 'deploy', commit: V3.commit, state: 'failed', fault: 'commit' });
  expect(lineOf([first, second, back, failed], V1)).toContain('not v2.0.0');
});

it('drift ends when that release or a newer one is live, or the older one is deployed on purpose', () => {
  const back = over(3, { kind: 'rollback', to: V1, commit: V1.commit, liveAt: 30 });
  expect(driftOf([first, second, back, deploy(4, V3)], V3)).toBeNull();
  expect(driftOf([first, second, back, deploy(4, V2)], V2)).toBeNull();
  expect(driftOf([first, second, deploy(3, V1)], V1)).toBeNull();
});

it('drift ignores a failed deployment of the live commit to another slot', () => {
  const again = deploy(2, { ...V1, slot: 'green' }, { state: 'rolled-back', fault: 'machine' });
  expect(driftOf([first, again], V1)).toBeNull();
});

function lineOf(history: Deployment[], serving: Serving): string | null {
  const drift = driftOf(history, serving);
  return drift && driftSummary(drift);
}

function deploy(id: number, to: Serving, known: Partial<Deployment> = {}): Deployment {
  return over(id, { kind: 'deploy', to, commit: to.commit, version: to.version, liveAt: id * 10, ...known });
}

function over(id: number, known: Partial<Deployment>): Deployment {
  return deployment({ id, state: 'succeeded', finishedAt: id * 10 + 1, ...known });
}
