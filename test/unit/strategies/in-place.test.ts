import { inPlace } from '../../../deploy/strategies/in-place';
import { inputFor, NEW, OLD, OTHER, running, serves, planText } from '../../support/plan-text';

it('in-place stops, starts and verifies the active slot behind the maintenance page', () => {
  expect(planText(inPlace.plan(inputFor(serves('green', running('green', OLD)), NEW)))).toEqual([
    'shift to the page for green, undo: shift to green',
    'stop green, undo: start green old, verify green old',
    'start green new, undo: stop green',
    'verify green new',
    'shift to green, undo: shift to the page for green',
    'verify-live green new',
    'bake green new',
  ]);
});

it('in-place stops a warm slot, since it needs only one', () => {
  const observed = serves('green', running('green', OLD), running('blue', OTHER));
  observed.table.standby = 'blue';
  const steps = planText(inPlace.plan(inputFor(observed, NEW)));
  expect(steps[0]).toBe('shift to the page for green, undo: shift to green before blue');
  expect(steps.at(-1)).toBe('stop blue, undo: start blue other, verify blue other');
});

it('in-place starts in the first slot when no release is live', () => {
  expect(planText(inPlace.plan(inputFor(serves(null), NEW)))[0]).toBe(
    'shift to the page for blue, undo: shift to no slot',
  );
});

it('in-place has nothing to do when the release is live', () => {
  expect(inPlace.plan(inputFor(serves('blue', running('blue', NEW)), NEW))).toEqual([]);
});

it('in-place refuses a hold and any slot but the active one', () => {
  const observed = serves('blue', running('blue', OLD));
  for (const option of [{ hold: true }, { wanted: 'green' }])
    expect(() => inPlace.plan(inputFor(observed, NEW, option))).toThrow(
      expect.objectContaining({ code: 'E_STRATEGY' }),
    );
  expect(inPlace.plan(inputFor(observed, NEW, { wanted: 'blue' }))).not.toEqual([]);
});
