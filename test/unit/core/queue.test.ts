import { decideQueue } from '../../../deploy/core/queue';
import type { Deployment, Trigger } from '../../../deploy/core/deployment';
import { commit, deployment } from '../../support/deployments';

const push = (id: number, branch = 'main'): Deployment => deployment({ id, branch });
const named = (id: number): Deployment => deployment({ id, commit: commit('c'), trigger: 'command' });
const rollback = (id: number): Deployment => deployment({ id, kind: 'rollback', trigger: 'command' });
const runs = (id: number, state: 'running' | 'holding' | 'baking' = 'running'): Deployment =>
  deployment({ id, branch: 'main', state });

/** The decision by ids. */
function decide(...deployments: Deployment[]): { begin: number | null; superseded: number[] } {
  const { start, superseded } = decideQueue(deployments);
  return { begin: start?.id ?? null, superseded: superseded.map(({ id }) => id) };
}

test('an empty queue starts nothing', () => expect(decide()).toEqual({ begin: null, superseded: [] }));

test('a push starts immediately when no deployment is running', () => {
  expect(decide(push(1))).toEqual({ begin: 1, superseded: [] });
});

test.each(['running', 'holding', 'baking'] as const)(
  'a deployment that is %s makes the next one wait',
  (state) => {
    expect(decide(runs(1, state), push(2))).toEqual({ begin: null, superseded: [] });
  },
);

test('only the newest of three queued pushes is deployed, in whatever order they are read', () => {
  expect(decide(runs(1), push(2), push(3), push(4))).toEqual({ begin: null, superseded: [2, 3] });
  expect(decide(push(4), push(2), push(3))).toEqual({ begin: 4, superseded: [2, 3] });
});

test.each(['running', 'holding', 'baking'] as const)(
  'a push that is %s is not superseded by queued ones',
  (state) => {
    expect(decide(runs(1, state), push(2), push(3))).toEqual({ begin: null, superseded: [2] });
  },
);

test('only the newest of a push, a webhook and a poll of the same branch is deployed', () => {
  const triggers: Trigger[] = ['push', 'webhook', 'poll', 'webhook'];
  const waiting = triggers.map((trigger, index) => deployment({ id: index + 1, branch: 'main', trigger }));
  expect(decide(...waiting)).toEqual({ begin: 4, superseded: [1, 2, 3] });
});

test('a deploy of a named commit that is to be held is not superseded by a push', () => {
  expect(decide({ ...named(1), hold: true }, push(2))).toEqual({ begin: 1, superseded: [] });
});

test('a restore of a dead slot runs before queued deploys', () => {
  const restore = deployment({ id: 3, kind: 'restore', trigger: 'watch' });
  expect(decide(push(1), named(2), restore).begin).toBe(3);
});

test('a push to another branch supersedes nothing', () => {
  expect(decide(push(1, 'main'), push(2, 'next'))).toEqual({ begin: 1, superseded: [] });
});

test('a deploy of a named commit waits its turn, and newer pushes do not supersede it', () => {
  expect(decide(named(1), push(2), named(3), push(4))).toEqual({ begin: 1, superseded: [2] });
});

test('a push is not superseded by a deploy of a named commit', () => {
  expect(decide(push(1), named(2))).toEqual({ begin: 1, superseded: [] });
});

test('a rollback runs before everything queued, and the first of two comes first', () => {
  expect(decide(push(1), named(2), rollback(3), rollback(4))).toEqual({ begin: 3, superseded: [] });
});

test('even a rollback never runs beside another deployment', () => {
  expect(decide(runs(1, 'baking'), rollback(2)).begin).toBeNull();
});

test('a finished deployment is ignored', () => {
  const over = deployment({ id: 9, branch: 'main', state: 'failed' });
  expect(decide(over, push(2))).toEqual({ begin: 2, superseded: [] });
});
