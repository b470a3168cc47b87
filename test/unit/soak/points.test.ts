import type { Plan, Step } from '../../../deploy/core/plan';
import { seededRandom } from '../../support/seeded-random';
import { cutsOf, isMoment, pointsOf, randomPoint, undoPointsOf } from '../../soak/points';

const proof = { slot: 'green', commit: 'c', instance: 'i', restarts: 0 };
const away: Step = { do: 'shift', to: { active: 'blue', standby: null } };
const there: Step = { do: 'shift', to: { active: 'green', standby: 'blue' } };
const plan: Plan = [
  { step: { do: 'start', ...proof }, undo: [{ do: 'stop', slot: 'green' }] },
  { step: there, undo: [away] },
  { step: { do: 'verify-live', ...proof }, undo: [] },
  { step: { do: 'bake', ...proof, seconds: 1 }, undo: [] },
];

test('a deployment is killed between every two steps, and after each step before it is recorded', () => {
  const points = pointsOf(plan);
  expect(points.map(({ name }) => name)).toEqual([
    'the plan | start',
    'start, not yet recorded',
    'start | shift',
    'shift, not yet recorded',
    'shift | verify-live',
    'verify-live, not yet recorded',
    'verify-live | LIVE',
    'LIVE, not yet recorded',
    'LIVE | bake',
    'bake, not yet recorded',
    'bake | the end',
  ]);
  expect(points.at(-1)?.orders).toEqual([{ after: 5, recorded: true }]);
});

test('a deployment that fails after the full shift is killed between its undo steps', () => {
  const points = undoPointsOf(plan).filter(({ name }) => name.includes('|'));
  expect(points).toEqual([
    { name: 'verify-live fails | undo: shift', orders: [{ after: 3, recorded: true }] },
    { name: 'undo: shift | undo: stop', orders: [{ after: 4, recorded: true }] },
    { name: 'undo: stop | the end', orders: [{ after: 5, recorded: true }] },
  ]);
});

test('the power is cut after each phase and each kind of step, just after LIVE, in the bake and in each undo', () => {
  const cuts = cutsOf([...plan.slice(0, 1), ...plan], ['fetch'], ['cut', '/disk']);
  expect(cuts.map(({ name, bad }) => `${name}${bad ? ', bad' : ''}`)).toEqual([
    'power cut: fetch | the next',
    'power cut: the plan | start',
    'power cut: start | start',
    'power cut: shift | verify-live',
    'power cut: verify-live | LIVE',
    'power cut: LIVE | bake',
    'power cut: bake | the end',
    'power cut: 1.5 s into the bake',
    'power cut: verify-live fails | undo: shift, bad',
    'power cut: undo: shift | undo: stop, bad',
    'power cut: undo: stop | undo: stop, bad',
  ]);
  expect(cuts.every(({ orders }) => orders.every(({ cut }) => cut?.join(' ') === 'cut /disk'))).toBe(true);
  expect(cuts[0]?.orders).toMatchObject([{ phase: 'fetch' }]);
  expect(cuts[7]?.orders).toMatchObject([{ after: 5, recorded: true, laterMs: 1500 }]);
});

test('moments are random, and the same seed gives the same ones', () => {
  const points = [seededRandom(7), seededRandom(7)].map((random) =>
    Array.from({ length: 20 }, () => randomPoint(random, 1000)),
  );
  expect(points[0]).toEqual(points[1]);
  expect(points[0]?.every(isMoment)).toBe(true);
  expect(new Set(points[0]?.map(({ orders }) => orders.length))).toEqual(new Set([1, 2]));
});
