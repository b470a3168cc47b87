import { abortedUnseen, decidePoll, decideTip } from '../../../deploy/core/tip-policy';
import type { Deployment } from '../../../deploy/core/deployment';
import { commit, deployment } from '../../support/deployments';

const [A, B] = ['a', 'b'].map(commit) as [string, string];

const over = (known: Partial<Deployment>): Deployment =>
  deployment({ finishedAt: 1, state: 'succeeded', ...known });

describe('the poll', () => {
  const poll = (known: Partial<Parameters<typeof decidePoll>[0]>): ReturnType<typeof decidePoll> =>
    decidePoll({ tip: B, lastTip: A, live: A, branch: 'main', pending: [], aborted: null, ...known });

  it('deploys a new tip', () => expect(poll({})).toBe('deploy'));

  it('deploys the tip of a new branch', () => expect(poll({ lastTip: null })).toBe('deploy'));

  it('deploys nothing while the tip is unchanged, whatever is live', () => {
    expect(poll({ tip: B, lastTip: B, live: A })).toBe('nothing');
  });

  it('only remembers the first tip it sees, after a first start or with another source or branch', () => {
    expect(poll({ lastTip: undefined })).toBe('remember');
    expect(poll({ lastTip: undefined, tip: null })).toBe('remember');
  });

  it('only remembers a tip that is already live', () => expect(poll({ live: B })).toBe('remember'));

  it('ignores a deleted branch', () => expect(poll({ tip: null })).toBe('nothing'));

  it('deploys a branch that moved back to an older commit', () => {
    expect(poll({ tip: A, lastTip: B, live: B })).toBe('deploy');
  });

  it('leaves the tip to a pending deployment that has yet to fetch it', () => {
    expect(poll({ pending: [deployment({ branch: 'main', state: 'queued' })] })).toBe('nothing');
    expect(poll({ pending: [deployment({ branch: 'main', state: 'running' })] })).toBe('nothing');
  });

  it('does not redeploy a push that an operator aborted before its commit was known', () => {
    const aborted = over({ id: 5, branch: 'main', state: 'aborted', errorCode: 'E_ABORTED' });
    expect(poll({ aborted })).toBe('remember');
    const older = over({ id: 4, branch: 'main', commit: A });
    expect(abortedUnseen([older, aborted], 'main')).toBe(aborted);
    const none: Deployment[][] = [
      [],
      [{ ...aborted, branch: 'next' }],
      // its commit was seen, so it is not redeployed anyway
      [{ ...aborted, commit: B }],
      // stopped by npm stop, which rejects nothing
      [{ ...aborted, errorCode: 'E_STOPPED' }],
      [aborted, { ...older, id: 6 }],
    ];
    for (const history of none) expect(abortedUnseen(history, 'main')).toBeNull();
  });

  it('does not leave the tip to a deployment that has already fetched, or has no branch', () => {
    expect(poll({ pending: [deployment({ branch: 'main', commit: A, state: 'running' })] })).toBe('deploy');
    expect(poll({ pending: [deployment({ state: 'queued' })] })).toBe('deploy');
  });
});

describe("a branch's tip", () => {
  const decide = (
    history: Deployment[],
    known: Partial<Parameters<typeof decideTip>[0]> = {},
  ): ReturnType<typeof decideTip> =>
    decideTip({ tip: B, lastTip: B, serving: A, history, trigger: 'webhook', setting: () => 60, ...known });
  const DEPLOY = { do: 'deploy' };
  const NOTHING_NEW = { do: 'nothing-new' };

  it.each(['push', 'webhook', 'poll'] as const)('is deployed by a %s when it has moved', (trigger) => {
    expect(decide([over({ commit: B })], { lastTip: A, trigger })).toEqual(DEPLOY);
    expect(decide([over({ commit: B })], { lastTip: undefined, trigger })).toEqual(DEPLOY);
  });

  it.each(['push', 'webhook', 'poll'] as const)(
    'that was deployed before does not undo a rollback, whatever a %s reports',
    (trigger) => {
      const history = [over({ id: 1, commit: A }), over({ id: 2, commit: B })];
      expect(decide(history, { trigger })).toEqual(NOTHING_NEW);
      history.push(over({ id: 3, kind: 'rollback', commit: A }));
      expect(decide(history, { trigger })).toEqual(NOTHING_NEW);
    },
  );

  it('is not redeployed after an operator aborted it, or rolled it back during its bake', () => {
    expect(decide([over({ commit: B, state: 'rolled-back', fault: 'operator' })])).toEqual(NOTHING_NEW);
    expect(decide([over({ commit: B, state: 'aborted', fault: 'operator' })])).toEqual(NOTHING_NEW);
  });

  it('is deployed when it was seen but never deployed', () => {
    expect(decide([])).toEqual(DEPLOY);
    expect(decide([over({ commit: B, kind: 'rollback' })])).toEqual(DEPLOY);
    expect(decide([deployment({ commit: B, state: 'running' })])).toEqual(DEPLOY);
  });

  it.each([
    { state: 'failed', fault: 'machine' },
    { state: 'failed', fault: 'operator' },
    { state: 'rolled-back', fault: 'machine' },
    { state: 'interrupted', fault: 'machine' },
    { state: 'superseded' },
  ] as const)('is deployed again when its last deployment ended as %o', (known) => {
    expect(decide([over({ id: 1, commit: B }), over({ id: 2, commit: B, ...known })])).toEqual(DEPLOY);
    expect(decide([over({ id: 1, commit: B, ...known }), over({ id: 2, commit: B })])).toEqual(NOTHING_NEW);
  });

  it('goes through a deployment when it is already live, as for two pushes in one fetch', () => {
    expect(decide([over({ commit: B })], { serving: B })).toEqual(DEPLOY);
  });

  it('is tried again if it is bad because of a limit that has another value now', () => {
    const failed = { state: 'failed', fault: 'commit', cause: 'it did not answer' } as const;
    const limit = { name: 'limits.start', value: 60 };
    const bad = over({ id: 1, commit: B, ...failed, limit });
    const refusal = over({ id: 2, commit: B, ...failed, errorCode: 'E_BAD_COMMIT' });
    for (const history of [[bad], [bad, refusal]]) {
      expect(decide(history)).toEqual({ do: 'refuse', cause: 'it did not answer' });
      expect(decide(history, { setting: (name) => (name === 'limits.start' ? 90 : 60) })).toEqual(DEPLOY);
      expect(decide(history, { setting: (name) => (name === 'limits.start' ? 60 : 90) })).toMatchObject({
        do: 'refuse',
      });
    }
    const again = over({ id: 3, commit: B, ...failed, limit: { ...limit, value: 90 } });
    expect(decide([bad, again], { setting: () => 90 })).toMatchObject({ do: 'refuse' });
  });

  it('is refused when it is bad, except for a push that moved the branch', () => {
    const history = [over({ commit: B, state: 'failed', fault: 'commit', cause: 'its tests failed' })];
    const refused = { do: 'refuse', cause: 'its tests failed' };
    expect(decide(history)).toEqual(refused);
    expect(decide(history, { trigger: 'push' })).toEqual(refused);
    expect(decide(history, { lastTip: A })).toEqual(refused);
    expect(decide(history, { lastTip: A, trigger: 'push' })).toEqual(DEPLOY);
  });
});
