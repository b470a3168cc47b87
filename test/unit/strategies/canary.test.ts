import type { PlanInput } from '../../../deploy/core/interfaces';
import { servingSlots, slotsOfBuckets, tableFolder } from '../../../deploy/core/traffic-table';
import type { Observed, Plan, Step } from '../../../deploy/core/plan';
import type { Table } from '../../../deploy/core/traffic-table';
import { blueGreen } from '../../../deploy/strategies/blue-green';
import { canary } from '../../../deploy/strategies/canary';
import { runAndUndo, SimulatedMachine } from '../../support/plan-model';
import { inputFor, NEW, OLD, OTHER, running } from '../../support/plan-text';

const BLUE: Table = { active: 'blue', standby: null };

const input = (observed: Observed, more: Partial<PlanInput> = {}): PlanInput =>
  inputFor(observed, NEW, { canary: { steps: [5, 25, 50, 100], seconds: 60 }, ...more });
const blueServes: Observed = { table: BLUE, slots: [running('blue', OLD)] };

function describeStep(step: Step): string {
  if (step.do === 'shift') return `shift ${tableFolder(step.to)}`;
  if (step.do === 'judge') return `judge ${step.share} for ${step.seconds} against ${step.against.join()}`;
  return 'slot' in step ? `${step.do} ${step.slot}` : step.do;
}
const story = (plan: Plan): string[] =>
  plan.map(({ step, undo }) =>
    [describeStep(step), ...undo.map((each) => `undo: ${describeStep(each)}`)].join(', '),
  );

test('a canary is verified, then gets growing shares of users, and one rename undoes each shift', () => {
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

test('a pause is a step at an unchanged share that only an operator ends, and the full shift always comes last', () => {
  expect(
    story(canary.plan(input(blueServes, { canary: { steps: [50, 'pause'], seconds: 30 } }))).slice(2, 6),
  ).toEqual([
    'shift active-blue.standby-none.green50, undo: shift active-blue.standby-none',
    'judge 50 for 30 against blue',
    'judge 50 for null against blue',
    'verify green',
  ]);
});

test('a held canary is held before its first user', () => {
  const steps = canary.plan(input(blueServes, { hold: true })).map(({ step }) => step.do);
  expect(steps.slice(0, 5)).toEqual(['start', 'verify', 'hold', 'verify', 'shift']);
});

test.each<[string, Observed]>([
  ['no release is live', { table: { active: null, standby: null }, slots: [] }],
  ['the active slot does not answer', { table: BLUE, slots: [running('blue', OLD, { status: 'crashed' })] }],
  ['the active slot is gone', { table: BLUE, slots: [] }],
  ['the release is already live', { table: BLUE, slots: [running('blue', NEW)] }],
  [
    'the release is warm and was live before',
    { table: { active: 'blue', standby: 'green' }, slots: [running('blue', OLD), running('green', NEW)] },
  ],
])('a canary is planned as blue/green, without a comparison, when %s', (_case, observed) => {
  expect(canary.plan(input(observed))).toEqual(blueGreen.plan(input(observed)));
});

test('every step of a canary concerns the very process that was started', () => {
  for (const { step } of canary.plan(input(blueServes))) {
    if ('instance' in step) expect(step).toMatchObject({ slot: 'green', instance: 'fresh', restarts: 0 });
  }
});

test('a user who has reached the canary keeps it at every later step', () => {
  const shares = canary
    .plan(input(blueServes))
    .flatMap(({ step }) =>
      step.do === 'shift' ? [slotsOfBuckets(step.to).map((slot) => slot === 'green')] : [],
    );
  shares.slice(1).forEach((wider, index) => {
    shares[index]?.forEach((has, bucket) => has && expect(wider[bucket]).toBe(true));
  });
});

test('a canary beside several slots is compared with all of them and keeps its share in every shift', () => {
  const table: Table = {
    ...{ active: 'blue', standby: null },
    ...{ shares: [{ slot: 'amber', buckets: 50 }], uniform: true },
  };
  const atOnce = jest.spyOn(blueGreen, 'plan').mockReturnValueOnce([
    { step: { do: 'start', slot: 'green', commit: NEW, instance: 'fresh', restarts: 0 }, undo: [] },
    { step: { do: 'shift', to: { active: 'green', standby: 'blue' } }, undo: [{ do: 'shift', to: table }] },
  ]);
  const plan = canary.plan(input({ table, slots: [running('blue', OLD), running('amber', OLD)] }));
  atOnce.mockRestore();
  expect(story(plan)[1]).toBe(
    'shift active-blue.standby-none.green5.amber48, undo: shift active-blue.standby-none.amber50.uniform',
  );
  expect(story(plan)[2]).toBe('judge 5 for 60 against blue,amber');
  for (const { step } of plan) if (step.do === 'shift') expect(servingSlots(step.to)).toContain('green');
});

test('a canary undone after any step restores table and processes, and no user reaches an unverified release', () => {
  const warm: Observed = {
    table: { active: 'blue', standby: 'green' },
    slots: [running('blue', OLD), running('green', OTHER)],
  };
  for (const observed of [blueServes, warm]) {
    const plan = canary.plan(input(observed));
    for (let steps = 0; steps <= plan.length; steps++) {
      const machine = runAndUndo(observed, plan, steps);
      expect(machine.table).toEqual(observed.table);
      expect(machine.processes()).toEqual(new SimulatedMachine(observed).processes());
    }
  }
});
