import { planLines } from '../../../deploy/reporters/plan-lines';
import { inPlace } from '../../../deploy/strategies/in-place';
import { rolling } from '../../../deploy/strategies/rolling';
import { inputFor, NEW, OLD, running, serves } from '../../support/plan-text';

const observed = serves('blue', running('blue', OLD));

it('a plan has a line for each step, with its undo beside it', () => {
  const plan = rolling.plan(inputFor(observed, NEW, { migrate: true }));
  expect(planLines(plan).map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
    '  1  migrate e300000',
    '  2  start e300000 in green  undo: stop green',
    '  3  verify e300000 in green',
    '  4  traffic: green 50, blue 50  undo: traffic: blue',
    '  5  traffic: green  undo: traffic: blue',
    '  6  start e300000 in blue  undo: start 01d0000 in blue, verify 01d0000 in blue',
    '  7  verify e300000 in blue',
    '  8  verify e300000 in green',
    '  9  traffic: green 50, blue 50  undo: traffic: green',
    ' 10  verify through nginx: blue, green',
    ' 11  bake for 10 s',
  ]);
});

it('a plan shows where an operator decides, where users get the maintenance page, and when there is nothing to do', () => {
  const rule = { batch: 1, minHealthy: 1, onFailure: 'hold' } as const;
  expect(planLines(rolling.plan(inputFor(observed, NEW, { rolling: rule }))).at(-1)).toContain(
    'only that batch is undone: promote tries it again, abort undoes everything',
  );
  expect(planLines(inPlace.plan(inputFor(observed, NEW)))[0]).toContain('traffic: the maintenance page');
  expect(planLines([])).toEqual(['  nothing to do: it is already live']);
});
