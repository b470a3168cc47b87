import { abortedUnseen, decidePoll, decideTip } from '../../../deploy/core/tip-policy';
import type { Deployment } from '../../../deploy/core/deployment';
import { commit, deployment } from '../../support/deployments';

const [A, B] = ['a', 'b'].map(commit) as [string, string];

const over = (known: Partial<Deployment>): Deployment =>
  deployment({ finishedAt: 1, state: 'succeeded', ...known });

describe('the poll', () => {
  const look = (known: Partial<Parameters<typeof decidePoll>[0]>): ReturnType<typeof decidePoll> =>
    decidePoll({ tip: B, lastSeen: A, live: A, branch: 'main', pending: [], aborted: null, ...known });

  it('deploys a tip that nobody has seen', () => expect(look({})).toBe('deploy'));

  it('does so too when the branch was not there before', () =>
    expect(look({ lastSeen: null })).toBe('deploy'));

  it('deploys nothing while the tip is the last one seen, whatever runs', () => {
    expect(look({ tip: B, lastSeen: B, live: A })).toBe('nothing');
  });

  it('only remembers what it sees first: the first start, another source, another branch', () => {
    expect(look({ lastSeen: undefined })).toBe('remember');
    expect(look({ lastSeen: undefined, tip: null })).toBe('remember');
  });

  it('only remembers what is live already', () => expect(look({ live: B })).toBe('remember'));

  it('leaves a branch alone that is gone', () => expect(look({ tip: null })).toBe('nothing'));

  it('deploys what moved back to an older commit', () => {
    expect(look({ tip: A, lastSeen: B, live: B })).toBe('deploy');
  });

  it('leaves it to a deployment that has yet to fetch the tip', () => {
    expect(look({ pending: [deployment({ branch: 'main', state: 'queued' })] })).toBe('nothing');
    expect(look({ pending: [deployment({ branch: 'main', state: 'running' })] })).toBe('nothing');
  });

  it('does not bring back what an operator has aborted before its commit was known', () => {
    const aborted = over({ id: 5, branch: 'main', state: 'aborted', errorCode: 'E_ABORTED' });
    expect(look({ aborted })).toBe('remember');
    const older = over({ id: 4, branch: 'main', commit: A });
    expect(abortedUnseen([older, aborted], 'main')).toBe(aborted);
    const none: Deployment[][] = [
      [],
      [{ ...aborted, branch: 'next' }],
      // its commit was seen, so it is not brought back anyway
      [{ ...aborted, commit: B }],
      // ended by npm stop: nobody has said that it is not wanted
      [{ ...aborted, errorCode: 'E_STOPPED' }],
      [aborted, { ...older, id: 6 }],
    ];
    for (const history of none) expect(abortedUnseen(history, 'main')).toBeNull();
  });

  it('does not take one for it that has fetched before, or is of no branch', () => {
    expect(look({ pending: [deployment({ branch: 'main', commit: A, state: 'running' })] })).toBe('deploy');
    expect(look({ pending: [deployment({ state: 'queued' })] })).toBe('deploy');
  });
});

describe("a branch's tip", () => {
  const decide = (
    history: Deployment[],
    known: Partial<Parameters<typeof decideTip>[0]> = {},
  ): ReturnType<typeof decideTip> =>
    decideTip({ tip: B, lastSeen: B, serving: A, history, trigger: 'webhook', ...known });
  const DEPLOY = { do: 'deploy' };
  const NOTHING_NEW = { do: 'nothing-new' };

  it.each(['push', 'webhook', 'poll'] as const)('that has moved is deployed by a %s', (trigger) => {
    expect(decide([over({ commit: B })], { lastSeen: A, trigger })).toEqual(DEPLOY);
    expect(decide([over({ commit: B })], { lastSeen: undefined, trigger })).toEqual(DEPLOY);
  });

  it.each(['push', 'webhook', 'poll'] as const)(
    'that was seen and deployed before does not undo a rollback, by whatever a %s says',
    (trigger) => {
      const history = [over({ id: 1, commit: A }), over({ id: 2, commit: B })];
      expect(decide(history, { trigger })).toEqual(NOTHING_NEW);
      history.push(over({ id: 3, kind: 'rollback', commit: A }));
      expect(decide(history, { trigger })).toEqual(NOTHING_NEW);
    },
  );

  it('that a person has rolled back during its bake, or aborted, is left so', () => {
    expect(decide([over({ commit: B, state: 'rolled-back', fault: 'operator' })])).toEqual(NOTHING_NEW);
    expect(decide([over({ commit: B, state: 'aborted', fault: 'operator' })])).toEqual(NOTHING_NEW);
  });

  it('that was seen but never deployed is deployed', () => {
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
  ] as const)('whose last deployment ended as %o is tried again', (known) => {
    expect(decide([over({ id: 1, commit: B }), over({ id: 2, commit: B, ...known })])).toEqual(DEPLOY);
    expect(decide([over({ id: 1, commit: B, ...known }), over({ id: 2, commit: B })])).toEqual(NOTHING_NEW);
  });

  it('that serves is found to be live, as for two pushes that came in one fetch', () => {
    expect(decide([over({ commit: B })], { serving: B })).toEqual(DEPLOY);
  });

  it('that is bad is refused, and tried again only for a push that moved the branch', () => {
    const history = [over({ commit: B, state: 'failed', fault: 'commit', cause: 'its tests failed' })];
    const refused = { do: 'refuse', cause: 'its tests failed' };
    expect(decide(history)).toEqual(refused);
    expect(decide(history, { trigger: 'push' })).toEqual(refused);
    expect(decide(history, { lastSeen: A })).toEqual(refused);
    expect(decide(history, { lastSeen: A, trigger: 'push' })).toEqual(DEPLOY);
  });
});
