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

/** The id of the deployment that the request applies to, or the error. */
function target(request: OperatorRequest, id: number | null, ...pending: Deployment[]): number | string {
  try {
    return decideOperatorRequest(pending, request, id).id;
  } catch (error) {
    if (error instanceof KnownError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

test('promote applies to the held deployment, with or without its number', () => {
  expect(target('promote', null, holding, first)).toBe(5);
  expect(target('promote', 5, holding, first)).toBe(5);
});

test('promoting twice is the same as promoting once', () => {
  expect(target('promote', null, { ...holding, request: 'promote' })).toBe(5);
});

test('only a held deployment can be promoted', () => {
  expect(target('promote', null)).toBe('E_NOT_HOLDING: No deployment is held.');
  expect(target('promote', null, first)).toBe('E_NOT_HOLDING: No deployment is held.');
  expect(target('promote', null, running)).toBe('E_NOT_HOLDING: Deployment 5 is not held: it is running.');
  expect(target('promote', 5, baking)).toBe('E_NOT_HOLDING: Deployment 5 is not held: it is baking.');
  expect(target('promote', 6, holding, first)).toBe('E_NOT_HOLDING: Deployment 6 is not held: it is queued.');
  expect(target('promote', 9, holding)).toBe('E_NOT_HOLDING: Deployment 9 is not held.');
});

test('a deployment being aborted cannot be promoted, but a promoted one can be aborted', () => {
  expect(target('promote', null, { ...holding, request: 'abort' })).toBe(
    'E_NOT_HOLDING: Deployment 5 is being aborted.',
  );
  expect(target('abort', null, { ...holding, request: 'promote' })).toBe(5);
});

test.each([running, holding, baking])('abort applies to the deployment that is $state', (active) => {
  expect(target('abort', null, active, first, second)).toBe(5);
});

test('abort applies to the first queued deployment when none is active, and to any by its number', () => {
  expect(target('abort', null, first, second)).toBe(6);
  expect(target('abort', 7, running, first, second)).toBe(7);
});

test('a finished deployment cannot be aborted', () => {
  expect(target('abort', null)).toBe('E_NOTHING_TO_ABORT: No deployment is running or queued.');
  expect(target('abort', 4, running)).toBe(
    'E_NOTHING_TO_ABORT: Deployment 4 is not running or queued, or never existed.',
  );
});

test.each<[OperatorRequest, DeploymentState]>([
  ['promote', 'holding'],
  ['abort', 'running'],
])('%s returns the deployment unchanged', (request, state) => {
  const unchanged = Object.freeze(deployment({ id: 5, state }));
  expect(decideOperatorRequest([unchanged], request, null)).toBe(unchanged);
});

describe('a running canary', () => {
  const judge = { do: 'judge', slot: 'green', commit: 'c', instance: 'i', restarts: 0 } as const;
  const plan = [{ step: { ...judge, against: ['blue'], share: 5, seconds: 60 }, undo: [] }];
  const [steps, paused] = [
    { ...running, plan },
    { ...holding, plan },
  ] as [Deployment, Deployment];

  test('can be promoted and paused at any step', () => {
    for (const request of ['promote', 'pause'] as const) {
      expect(target(request, null, steps, first)).toBe(5);
      expect(target(request, 5, paused)).toBe(5);
    }
  });

  test('can be resumed when it is paused or about to pause', () => {
    expect(target('resume', null, paused)).toBe(5);
    expect(target('resume', null, { ...steps, request: 'pause' })).toBe(5);
    expect(target('resume', null, steps)).toBe('E_NO_CANARY: Deployment 5 is not paused.');
  });

  test('rejects every other request while it is being aborted', () => {
    for (const request of ['promote', 'pause', 'resume'] as const)
      expect(target(request, null, { ...paused, request: 'abort' })).toMatch(
        /Deployment 5 is being aborted\.$/,
      );
  });

  test('cannot be paused once it is live, nor can any other deployment', () => {
    expect(target('pause', null)).toBe('E_NO_CANARY: No canary is running.');
    expect(target('pause', null, running)).toBe('E_NO_CANARY: Deployment 5 is not a running canary.');
    expect(target('pause', 5, { ...baking, plan })).toBe(
      'E_NO_CANARY: Deployment 5 is not a running canary.',
    );
  });
});
