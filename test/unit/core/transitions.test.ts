import { isActive, isOver, mayFollow } from '../../../deploy/core/transitions';
import type { DeploymentState } from '../../../deploy/core/deployment';

const OVER = ['succeeded', 'failed', 'rolled-back', 'aborted', 'superseded', 'interrupted'] as const;
const ALL: DeploymentState[] = ['queued', 'running', 'holding', 'baking', ...OVER];

test('a deployment goes from queued through running and baking to its end', () => {
  expect(mayFollow('queued', 'running')).toBe(true);
  expect(mayFollow('running', 'baking')).toBe(true);
  expect(mayFollow('baking', 'succeeded')).toBe(true);
});

test('a held deployment can continue, or end in every way that a running one can', () => {
  expect(mayFollow('holding', 'running')).toBe(true);
  expect(ALL.filter((state) => state !== 'running' && mayFollow('holding', state))).toEqual(
    ALL.filter((state) => state !== 'holding' && mayFollow('running', state)),
  );
  expect(ALL.filter((state) => mayFollow(state, 'holding'))).toEqual(['running']);
});

test('a rollback succeeds without a bake', () => {
  expect(mayFollow('running', 'succeeded')).toBe(true);
});

test('a baking deployment was live, so it can be rolled back but no longer fail', () => {
  expect(mayFollow('baking', 'rolled-back')).toBe(true);
  expect(mayFollow('baking', 'failed')).toBe(false);
});

test('only a queued deployment can be superseded', () => {
  expect(ALL.filter((state) => mayFollow(state, 'superseded'))).toEqual(['queued']);
});

test('no state leads out of an end state, back into the queue or to itself', () => {
  for (const over of OVER) expect(ALL.filter((state) => mayFollow(over, state))).toEqual([]);
  expect(ALL.filter((state) => mayFollow(state, 'queued'))).toEqual([]);
  expect(ALL.filter((state) => mayFollow(state, state))).toEqual([]);
});

test('a deployment is over, active or queued, never two of these', () => {
  expect(ALL.filter(isOver)).toEqual(OVER);
  expect(ALL.filter(isActive)).toEqual(['running', 'holding', 'baking']);
});
