import type { PlanInput } from '../../../deploy/core/interfaces';
import { servingSlots, slotsOfBuckets, tableFolder } from '../../../deploy/core/traffic-table';
import type { Observed, Plan, Step } from '../../../deploy/core/plan';
import type { Table } from '../../../deploy/core/traffic-table';
import { blueGreen } from '../../../deploy/strategies/blue-green';
import { canary } from '../../../deploy/strategies/canary';
import { doAndUndo, PaperMachine } from '../../support/plan-model';
import { inputFor, NEW, OLD, OTHER, running } from '../../support/plan-story';

const BLUE: Table = { active: 'blue', standby: null };

const input = (observed: Observed, more: Partial<PlanInput> = {}): PlanInput =>
  inputFor(observed, NEW, { canary: { steps: [5, 25, 50, 100], seconds: 60 }, ...more });
const blueServes: Observed = { table: BLUE, slots: [running('blue', OLD)] };

function told(step: Step): string {
  if (step.do === 'shift') return `shift ${tableFolder(step.to)}`;
  if (step.do === 'judge') return `judge ${step.share} for ${step.seconds} against ${step.against.join()}`;
  return 'slot' in step ? `${step.do} ${step.slot}` : step.do;
}
const story = (plan: Plan): string[] =>
  plan.map(({ step, undo }) => [told(step), ...undo.map((each) => `undo: ${told(each)}`)].join(', '));

test('the release is proven, meets a few users, then more, and then everybody; each shift is undone by one rename', () => {
  expect(story(canary.plan(input(blueServes, { migrate: true })))).toEqual([
    'migrate',
    'start green, undo: stop green',
    'verify green',
    'shift active-blue.standby-none.green5, undo: shift active-blue.standby-none',
    'judge 5 for 60 against blue',
    'shift active-blue.standby-none.green25, undo: shift active-blue.standby-none',
    'judge 25 for 60 against blue',
    'shift active-blue.standby-none.green50, undo: shift active-blue.standby-none',
    'judge 50 for 60 against blue',
    'verify green',
    'shift active-green.standby-blue, undo: shift active-blue.standby-none',
    'verify-live green',
    'bake green',
  ]);
});

test('a pause is a step at the share that it has, which only a person ends; everybody comes last in any case', () => {
  expect(
    story(canary.plan(input(blueServes, { canary: { steps: [50, 'pause'], seconds: 30 } }))).slice(2, 6),
  ).toEqual([
    'shift active-blue.standby-none.green50, undo: shift active-blue.standby-none',
    'judge 50 for 30 against blue',
    'judge 50 for null against blue',
    'verify green',
  ]);
});

test('one that is held is tried before its first user', () => {
  const steps = canary.plan(input(blueServes, { hold: true })).map(({ step }) => step.do);
  expect(steps.slice(0, 5)).toEqual(['start', 'verify', 'hold', 'verify', 'shift']);
});

test.each<[string, Observed]>([
  ['nothing serves', { table: { active: null, standby: null }, slots: [] }],
  ['what serves does not answer', { table: BLUE, slots: [running('blue', OLD, { status: 'crashed' })] }],
  ['what serves is gone', { table: BLUE, slots: [] }],
  ['it is live already', { table: BLUE, slots: [running('blue', NEW)] }],
  [
    'it is warm, and was live before',
    { table: { active: 'blue', standby: 'green' }, slots: [running('blue', OLD), running('green', NEW)] },
  ],
])('there is nothing to compare with when %s: as in blue/green', (_case, observed) => {
  expect(canary.plan(input(observed))).toEqual(blueGreen.plan(input(observed)));
});

test('every step is about the very process that was started', () => {
  for (const { step } of canary.plan(input(blueServes))) {
    if ('instance' in step) expect(step).toMatchObject({ slot: 'green', instance: 'fresh', restarts: 0 });
  }
});

test('who has met the canary keeps it at every further step', () => {
  const shares = canary
    .plan(input(blueServes))
    .flatMap(({ step }) =>
      step.do === 'shift' ? [slotsOfBuckets(step.to).map((slot) => slot === 'green')] : [],
    );
  shares.slice(1).forEach((wider, index) => {
    shares[index]?.forEach((has, bucket) => has && expect(wider[bucket]).toBe(true));
  });
});

test('where several slots serve, all of them are what it is compared with, and none loses its place to the others', () => {
  const table: Table = { active: 'blue', standby: null, shares: [{ slot: 'amber', buckets: 50 }] };
  const atOnce = jest.spyOn(blueGreen, 'plan').mockReturnValueOnce([
    { step: { do: 'start', slot: 'green', commit: NEW, instance: 'fresh', restarts: 0 }, undo: [] },
    { step: { do: 'shift', to: { active: 'green', standby: 'blue' } }, undo: [{ do: 'shift', to: table }] },
  ]);
  const plan = canary.plan(input({ table, slots: [running('blue', OLD), running('amber', OLD)] }));
  atOnce.mockRestore();
  expect(story(plan)[1]).toBe(
    'shift active-blue.standby-none.green5.amber48, undo: shift active-blue.standby-none.amber50',
  );
  expect(story(plan)[2]).toBe('judge 5 for 60 against blue,amber');
  for (const { step } of plan) if (step.do === 'shift') expect(servingSlots(step.to)).toContain('green');
});

test('taken back at any step, everything is as it was, and users never met what was not proven', () => {
  const warm: Observed = {
    table: { active: 'blue', standby: 'green' },
    slots: [running('blue', OLD), running('green', OTHER)],
  };
  for (const observed of [blueServes, warm]) {
    const plan = canary.plan(input(observed));
    for (let steps = 0; steps <= plan.length; steps++) {
      const machine = doAndUndo(observed, plan, steps);
      expect(machine.table).toEqual(observed.table);
      expect(machine.processes()).toEqual(new PaperMachine(observed).processes());
    }
  }
});
