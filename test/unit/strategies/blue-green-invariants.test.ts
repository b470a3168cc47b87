/** Checks the invariants of every plan, from every state that two slots can be in. */
import { KnownError } from '../../../deploy/core/errors';
import type { PlanInput } from '../../../deploy/core/interfaces';
import { allTables } from '../../../deploy/core/traffic-table';
import type { Plan } from '../../../deploy/core/plan';
import type { Release } from '../../../deploy/core/release';
import type { RunningSlot } from '../../../deploy/core/slot';
import { blueGreen } from '../../../deploy/strategies/blue-green';
import { commit } from '../../support/deployments';
import { runAndUndo, SimulatedMachine } from '../../support/plan-model';

const SLOTS = ['blue', 'green'];
const WANTED = commit('a');
const CASES = everyCase();
const PLANNED = CASES.flatMap((input) => {
  const plan = planOf(input);
  return plan ? [{ input, plan }] : [];
});

test('every state is covered', () => {
  expect(CASES.length).toBeGreaterThan(2000);
  expect(PLANNED.length).toBeGreaterThan(1500);
  expect(PLANNED.filter(({ plan }) => plan.length > 0).length).toBeGreaterThan(1500);
});

test('a plan is refused only for the active slot', () => {
  for (const input of CASES.filter((each) => planOf(each) === null)) {
    expect(input.wanted).toBe(input.observed.table.active);
    expect(new SimulatedMachine(input.observed).runs(input.wanted as string)).toBeDefined();
  }
});

test('no unverified release gets a user, and no slot is replaced while the table names it', () => {
  for (const { input, plan } of PLANNED) {
    const machine = new SimulatedMachine(input.observed);
    // the paper machine throws when a step would break this
    for (const { step } of plan) machine.do(step);
  }
});

test('a hold comes after a verify and before anything users notice, and the same process is verified again', () => {
  const held = PLANNED.filter(({ input, plan }) => input.hold && plan.length > 0);
  expect(held.length).toBeGreaterThan(1500);
  for (const { input, plan } of held) {
    const at = plan.findIndex(({ step }) => step.do === 'hold');
    const [before, hold, after, shift] = plan.slice(at - 1, at + 3).map(({ step }) => step);
    expect([before?.do, hold?.do, after?.do, shift?.do]).toEqual(['verify', 'hold', 'verify', 'shift']);
    expect(after).toEqual(before);
    expect({ ...hold, do: 'verify' }).toEqual(before);
    const machine = new SimulatedMachine(input.observed);
    for (const { step } of plan.slice(0, at)) machine.do(step);
    // when the active slot is dead, the table may name the standby or none
    const { active, standby } = input.observed.table;
    expect([active, standby, null]).toContain(machine.table.active);
  }
  expect(PLANNED.some(({ input, plan }) => !input.hold && plan.some(({ step }) => step.do === 'hold'))).toBe(
    false,
  );
});

test('a plan ends with the wanted release live and a running standby, if any', () => {
  for (const { input, plan } of PLANNED) {
    const machine = new SimulatedMachine(input.observed);
    for (const { step } of plan) machine.do(step);
    const { table } = machine;
    expect(machine.runs(table.active as string)).toBe(WANTED);
    if (input.wanted !== null) expect(table.active).toBe(input.wanted);
    if (plan.length > 0 && table.standby !== null) expect(machine.runs(table.standby)).toBeDefined();
  }
});

test('an undo after any step restores the first table and the first processes', () => {
  const notRestored = PLANNED.flatMap(({ input, plan }) => {
    const before = new SimulatedMachine(input.observed).state();
    return [...plan.keys(), plan.length]
      .filter((steps) => runAndUndo(input.observed, plan, steps).state() !== before)
      .map((steps) => ({ input, plan, steps }));
  });
  // tens of thousands of comparisons, so only failures reach expect()
  expect(notRestored).toEqual([]);
});

test('a plan is plain data that survives JSON', () => {
  for (const { plan } of PLANNED.slice(0, 50)) expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
});

test('planning is pure: the same input gives the same plan and stays unchanged', () => {
  const impure = CASES.filter((input) => {
    const before = JSON.stringify(input);
    const same = JSON.stringify(planOf(input)) === JSON.stringify(planOf(input));
    return !same || JSON.stringify(input) !== before;
  });
  expect(impure).toEqual([]);
});

function planOf(input: PlanInput): Plan | null {
  try {
    return blueGreen.plan(input);
  } catch (error) {
    if (error instanceof KnownError && error.code === 'E_SLOT_ACTIVE') return null;
    throw error;
  }
}

function everyCase(): PlanInput[] {
  return allTables(SLOTS).flatMap((table) =>
    residents('blue').flatMap((blue) =>
      residents('green').flatMap((green) =>
        [null, ...SLOTS].flatMap((wanted) =>
          [0, 10].flatMap((bakeSeconds) =>
            [true, false].flatMap((migrate) =>
              [true, false].map((hold) => ({
                observed: { table, slots: [...blue, ...green] },
                release: { commit: WANTED } as Release,
                slots: SLOTS,
                wanted,
                environment: 0,
                instance: 'fresh',
                undoInstance: 'again',
                bakeSeconds,
                hold,
                again: false,
                canary: { steps: [], seconds: 0 },
                rolling: { batch: 1, minHealthy: 1, onFailure: 'undo' as const },
                migrate,
              })),
            ),
          ),
        ),
      ),
    ),
  );
}

/** Empty, stopped, and each of two releases, answering or not. */
function residents(slot: string): RunningSlot[][] {
  const running = (of: string, pid: number | null, status: RunningSlot['status']): RunningSlot[] => [
    { slot, commit: of, instance: `${slot}-instance`, pid, restarts: 0, status, exitCode: null },
  ];
  const other = commit('b');
  return [
    [],
    running(WANTED, null, 'stopped'),
    running(WANTED, 1, 'online'),
    running(WANTED, 1, 'crashed'),
    running(other, 1, 'online'),
    running(other, 1, 'crashed'),
  ];
}
