import { inPlace } from '../../../deploy/strategies/in-place';
import { inputFor, NEW, OLD, OTHER, running, serves, story } from '../../support/plan-story';

it('stops, starts and proves behind the maintenance page, in the slot that serves', () => {
  expect(story(inPlace.plan(inputFor(serves('green', running('green', OLD)), NEW)))).toEqual([
    'shift to the page for green, undo: shift to green',
    'stop green, undo: start green old, verify green old',
    'start green new, undo: stop green',
    'verify green new',
    'shift to green, undo: shift to the page for green',
    'verify-live green new',
    'bake green new',
  ]);
});

it('ends what stood warm: one slot is all it needs', () => {
  const observed = serves('green', running('green', OLD), running('blue', OTHER));
  observed.table.standby = 'blue';
  const steps = story(inPlace.plan(inputFor(observed, NEW)));
  expect(steps[0]).toBe('shift to the page for green, undo: shift to green before blue');
  expect(steps.at(-1)).toBe('stop blue, undo: start blue other, verify blue other');
});

it('starts in the first slot when nothing serves yet', () => {
  expect(story(inPlace.plan(inputFor(serves(null), NEW)))[0]).toBe(
    'shift to the page for blue, undo: shift to nobody',
  );
});

it('has nothing to do when the release serves', () => {
  expect(inPlace.plan(inputFor(serves('blue', running('blue', NEW)), NEW))).toEqual([]);
});

it('refuses what it cannot do: a release that nobody gets yet, and another slot', () => {
  const observed = serves('blue', running('blue', OLD));
  for (const wish of [{ hold: true }, { wanted: 'green' }])
    expect(() => inPlace.plan(inputFor(observed, NEW, wish))).toThrow(
      expect.objectContaining({ code: 'E_STRATEGY' }),
    );
  expect(inPlace.plan(inputFor(observed, NEW, { wanted: 'blue' }))).not.toEqual([]);
});
