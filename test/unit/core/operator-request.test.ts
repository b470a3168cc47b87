import { KnownError } from '../../../deploy/core/errors';
import type { Deployment, DeploymentState, OperatorRequest } from '../../../deploy/core/deployment';
import { decideOperatorRequest } from '../../../deploy/core/operator-request';
import { deployment } from '../../support/deployments';

const [running, holding, baking, first, second] = [
  deployment({ id: 5, state: 'running' }),
  deployment({ id: 5, state: 'holding' }),
  deployment({ id: 5, state: 'baking' }),
  deployment({ id: 6 }),
  deployment({ id: 7 }),
];

/** The id of the deployment that is meant, or what is refused with. */
function meant(wish: OperatorRequest, id: number | null, ...pending: Deployment[]): number | string {
  try {
    return decideOperatorRequest(pending, wish, id).id;
  } catch (error) {
    if (error instanceof KnownError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

test('promote means the one that is held, by its number too', () => {
  expect(meant('promote', null, holding, first)).toBe(5);
  expect(meant('promote', 5, holding, first)).toBe(5);
});

test('promote twice is promote', () => {
  expect(meant('promote', null, { ...holding, wish: 'promote' })).toBe(5);
});

test('nothing but what is held can be promoted', () => {
  expect(meant('promote', null)).toBe('E_NOT_HOLDING: No deployment is held.');
  expect(meant('promote', null, first)).toBe('E_NOT_HOLDING: No deployment is held.');
  expect(meant('promote', null, running)).toBe('E_NOT_HOLDING: Deployment 5 is not held: it is running.');
  expect(meant('promote', 5, baking)).toBe('E_NOT_HOLDING: Deployment 5 is not held: it is baking.');
  expect(meant('promote', 6, holding, first)).toBe('E_NOT_HOLDING: Deployment 6 is not held: it is queued.');
  expect(meant('promote', 9, holding)).toBe('E_NOT_HOLDING: Deployment 9 is not held.');
});

test('what is being aborted can no longer be promoted, but the other way round', () => {
  expect(meant('promote', null, { ...holding, wish: 'abort' })).toBe(
    'E_NOT_HOLDING: Deployment 5 is being aborted.',
  );
  expect(meant('abort', null, { ...holding, wish: 'promote' })).toBe(5);
});

test.each([running, holding, baking])('abort means the one at work: $state', (atWork) => {
  expect(meant('abort', null, atWork, first, second)).toBe(5);
});

test('abort means the first that waits when none is at work, and any by its number', () => {
  expect(meant('abort', null, first, second)).toBe(6);
  expect(meant('abort', 7, running, first, second)).toBe(7);
});

test('what is over cannot be aborted', () => {
  expect(meant('abort', null)).toBe('E_NOTHING_TO_ABORT: No deployment is running or queued.');
  expect(meant('abort', 4, running)).toBe(
    'E_NOTHING_TO_ABORT: Deployment 4 is not running or queued, or never existed.',
  );
});

test.each<[OperatorRequest, DeploymentState]>([
  ['promote', 'holding'],
  ['abort', 'running'],
])('%s changes nothing by itself', (wish, state) => {
  const asked = Object.freeze(deployment({ id: 5, state }));
  expect(decideOperatorRequest([asked], wish, null)).toBe(asked);
});

describe('a canary at work', () => {
  const judge = { do: 'judge', slot: 'green', commit: 'c', instance: 'i', restarts: 0 } as const;
  const plan = [{ step: { ...judge, against: ['blue'], share: 5, seconds: 60 }, undo: [] }];
  const [steps, paused] = [
    { ...running, plan },
    { ...holding, plan },
  ] as [Deployment, Deployment];

  test('is promoted and paused at any step', () => {
    for (const wish of ['promote', 'pause'] as const) {
      expect(meant(wish, null, steps, first)).toBe(5);
      expect(meant(wish, 5, paused)).toBe(5);
    }
  });

  test('is resumed when it waits, or was just told to', () => {
    expect(meant('resume', null, paused)).toBe(5);
    expect(meant('resume', null, { ...steps, wish: 'pause' })).toBe(5);
    expect(meant('resume', null, steps)).toBe('E_NO_CANARY: Deployment 5 is not paused.');
  });

  test('that is being aborted is past every other word', () => {
    for (const wish of ['promote', 'pause', 'resume'] as const)
      expect(meant(wish, null, { ...paused, wish: 'abort' })).toMatch(/Deployment 5 is being aborted\.$/);
  });

  test('that has gone live, or is none, is not paused', () => {
    expect(meant('pause', null)).toBe('E_NO_CANARY: No canary is running.');
    expect(meant('pause', null, running)).toBe('E_NO_CANARY: Deployment 5 is not a running canary.');
    expect(meant('pause', 5, { ...baking, plan })).toBe('E_NO_CANARY: Deployment 5 is not a running canary.');
  });
});
