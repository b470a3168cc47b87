import { crashedTooOften, releaseInstead } from '../../../deploy/core/crashes';
import type { Deployment } from '../../../deploy/core/deployment';
import { commit, deployment } from '../../support/deployments';

const [V1, V2, V3] = ['1', '2', '3'].map(commit) as [string, string, string];
const RULE = { limit: 3, withinSeconds: 60 };
const NOW = 1_000_000;

describe('the crash limit', () => {
  const ago = (...seconds: number[]): number[] => seconds.map((each) => NOW - each * 1000);

  it.each([
    ['is not reached by fewer crashes', ago(1, 2), RULE, false],
    ['is reached by that many crashes within the window', ago(59, 30, 1), RULE, true],
    ['ignores crashes before the window', ago(61, 30, 1), RULE, false],
    ['can be switched off', ago(3, 2, 1), null, false],
  ])('%s', (_, crashes, rule, expected) => {
    expect(crashedTooOften(crashes, rule, NOW)).toBe(expected);
  });
});

describe('the replacement for a crashing release', () => {
  const good = (id: number, of: string, more: Partial<Deployment> = {}): Deployment =>
    deployment({ id, kind: 'deploy', commit: of, state: 'succeeded', finishedAt: id, liveAt: id, ...more });
  const history = [good(3, V3), good(2, V2), good(1, V1)];
  const live = history[0] as Deployment;
  const back = (id: number, to: string, state: Deployment['state']): Deployment =>
    deployment({ id, kind: 'rollback', trigger: 'watch', commit: to, state, finishedAt: id });

  it('is the previous release', () => expect(releaseInstead(history, live, null)).toBe(V2));
  it('is the standby, which is already running', () => expect(releaseInstead(history, live, V1)).toBe(V1));
  it('is never a release marked bad, even if it is the standby', () => {
    const bad = [live, good(2, V2, { fault: 'commit', cause: 'it crashed' }), good(1, V1)];
    expect(releaseInstead(bad, live, V2)).toBe(V1);
  });
  it('is not a release that failed since the live one went live', () => {
    expect(releaseInstead([back(4, V2, 'failed'), ...history], live, null)).toBe(V1);
    expect(releaseInstead([back(5, V1, 'failed'), back(4, V2, 'failed'), ...history], live, V2)).toBe(null);
  });
  it('is null when the only other process runs the same release', () => {
    expect(releaseInstead([good(1, V1)], good(1, V1), V1)).toBe(null);
  });
});
