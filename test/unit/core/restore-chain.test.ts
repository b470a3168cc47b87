import { isFallback, isRevival, nextToTry } from '../../../deploy/core/restore-chain';
import { deployment } from '../../support/deployments';
import type { Deployment } from '../../../deploy/core/deployment';

const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string];

const good = (id: number, commit: string): Deployment =>
  deployment({ id, commit, state: 'succeeded', liveAt: id });
const restore = (id: number, commit: string): Deployment =>
  deployment({ id, commit, kind: 'restore', trigger: 'watch', state: 'failed' });
const fallback = (id: number, commit: string): Deployment =>
  deployment({ id, commit, kind: 'rollback', trigger: 'watch', state: 'failed' });

const GOOD = [good(1, A), good(2, B), good(3, C)];

test('a failed restore is followed by the newest earlier release, then by the one before', () => {
  const first = restore(4, C);
  const second = fallback(5, B);
  const third = fallback(6, A);
  expect(nextToTry([...GOOD, first], first, 'E_EXITED')).toBe(B);
  expect(nextToTry([...GOOD, first, second], second, 'E_UNHEALTHY')).toBe(A);
  expect(nextToTry([...GOOD, first, second, third], third, 'E_EXITED')).toBeNull();
});

test('a release marked bad is not tried', () => {
  const bad = deployment({
    id: 4,
    commit: B,
    state: 'rolled-back',
    fault: 'commit',
    errorCode: 'E_BAKE',
    finishedAt: 4,
  });
  const failed = restore(5, C);
  expect(nextToTry([...GOOD, bad, failed], failed, 'E_EXITED')).toBe(A);
});

test('at most five earlier releases are tried after one restore', () => {
  const commits = Array.from({ length: 9 }, (_, index) => String(index).repeat(40));
  const history = commits.map((commit, index) => good(index + 1, commit));
  const failed = restore(10, commits[8] as string);
  const tried = [7, 6, 5, 4, 3].map((index, count) => fallback(11 + count, commits[index] as string));
  const all = [...history, failed, ...tried];
  expect(nextToTry(all.slice(0, -1), tried[3] as Deployment, 'E_EXITED')).toBe(commits[3]);
  expect(nextToTry(all, tried[4] as Deployment, 'E_EXITED')).toBeNull();
});

test.each(['E_ENGINE', 'E_DISK', 'E_NO_ROOM', 'E_ABORTED', 'E_STOPPED', 'E_INTERRUPTED'] as const)(
  'nothing else is tried after %s, which would stop an older release too',
  (code) => expect(nextToTry([...GOOD, restore(4, C)], restore(4, C), code)).toBeNull(),
);

test('a port held by another process leads to the same release in another slot, not to an older one', () => {
  const first = restore(4, C);
  const second = fallback(5, C);
  expect(nextToTry([...GOOD, first], first, 'E_STRANGER_ON_PORT')).toBe(C);
  expect(nextToTry([...GOOD, first, second], second, 'E_STRANGER_ON_PORT')).toBeNull();
  expect(nextToTry([...GOOD, first, second], second, 'E_EXITED')).toBe(B);
});

test('a kill from outside leads to the same release once, and then to an older one', () => {
  const first = restore(4, C);
  const second = fallback(5, C);
  expect(nextToTry([...GOOD, first], first, 'E_KILLED')).toBe(C);
  expect(nextToTry([...GOOD, first, second], second, 'E_KILLED')).toBe(B);
});

test("an operator's rollback is not part of a chain, and its failure starts none", () => {
  const requested = deployment({ id: 4, commit: B, kind: 'rollback', trigger: 'command', state: 'failed' });
  expect(isFallback(requested)).toBe(false);
  expect(isRevival(requested)).toBe(false);
  expect(isRevival(restore(4, C))).toBe(true);
  expect(nextToTry([...GOOD, requested], requested, 'E_EXITED')).toBeNull();
  expect(
    nextToTry([...GOOD, good(4, B)], { ...good(4, B), state: 'failed' } as Deployment, 'E_EXITED'),
  ).toBeNull();
});
