/**
 * Checks the invariants of every plan: all strategies in any order, from every state that plans and dying slots can
 * lead to, in pools of two to four slots.
 */
import type { PlanInput, RollingRule } from '../../../deploy/core/interfaces';
import { inService } from '../../../deploy/core/traffic-split';
import { EMPTY_TABLE, slotsOfBuckets } from '../../../deploy/core/traffic-table';
import type { Observed, Plan } from '../../../deploy/core/plan';
import type { RunningSlot } from '../../../deploy/core/slot';
import { blueGreen } from '../../../deploy/strategies/blue-green';
import { inPlace } from '../../../deploy/strategies/in-place';
import { restore } from '../../../deploy/strategies/restore';
import { rolling } from '../../../deploy/strategies/rolling';
import { runAndUndo, SimulatedMachine } from '../../support/plan-model';
import { inputFor, NEW, OLD } from '../../support/plan-text';

const POOL = ['blue', 'green', 'amber', 'violet'];
const STRATEGIES = { blueGreen, inPlace, rolling, restore };
const RULES: RollingRule[] = [
  { batch: 1, minHealthy: 1, onFailure: 'undo' },
  { batch: '50%', minHealthy: 1, onFailure: 'hold' },
];

interface Case {
  name: string;
  input: PlanInput;
  plan: Plan;
}

describe.each([2, 3, 4])('in a pool of %i', (size) => {
  const slots = POOL.slice(0, size);
  const states = reachable(slots);
  const cases = states.flatMap((observed) => casesOf(observed, slots));

  test('every reachable state is covered', () => {
    expect(states.length).toBeGreaterThan({ 2: 30, 3: 150, 4: 600 }[size] as number);
    expect(states.some(({ table }) => inService(table).length === size)).toBe(true);
    expect(cases.filter(({ plan }) => plan.length > 0).length).toBeGreaterThan(states.length);
  });

  test('no unverified release gets a user or becomes the standby, and in the end all users have the wanted release', () => {
    for (const { name, input, plan } of cases) {
      const machine = new SimulatedMachine(input.observed);
      for (const { step } of plan) machine.do(step);
      for (const slot of inService(machine.table)) {
        if (machine.runs(slot) !== input.release.commit) throw new Error(`${name}: ${slot} serves another`);
      }
      const isSplit = inService(machine.table).length > 1;
      if (isSplit && !machine.table.uniform)
        throw new Error(`${name}: users of one release are split by a cookie`);
      // stopped slots hold no memory; rolling fills the whole pool
      const kept = name === 'rolling' ? size : 2;
      if (name !== 'restore' && plan.length > 0) expect(machine.processes().length).toBeLessThanOrEqual(kept);
      if (name === 'rolling') expect(inService(machine.table).sort()).toEqual([...slots].sort());
    }
  });

  test('an undo after any step restores the first table and the first processes', () => {
    const notRestored = cases.flatMap(({ name, input, plan }) => {
      const before = new SimulatedMachine(input.observed).state();
      return [...plan.keys(), plan.length]
        .filter((steps) => runAndUndo(input.observed, plan, steps).state() !== before)
        .map((steps) => ({ name, input, plan, steps }));
    });
    expect(notRestored.slice(0, 3)).toEqual([]);
  });

  test('neither rolling nor its undo leaves too few slots in service', () => {
    for (const { input, plan } of cases.filter(({ name }) => name === 'rolling')) {
      const start = new SimulatedMachine(input.observed);
      const answering = input.observed.slots
        .filter(({ status }) => status === 'online')
        .map(({ slot }) => slot);
      const healthy = inService(start.table).filter((slot) => answering.includes(slot)).length;
      const batch = input.rolling.batch === 1 ? 1 : Math.floor(size / 2);
      const least = Math.min(healthy, input.rolling.minHealthy);
      const forward = new SimulatedMachine(input.observed);
      for (const { step } of plan) forward.do(step);
      // expect() would take seconds here
      if (forward.fewestInService < Math.min(healthy, size - batch)) throw new Error(JSON.stringify(plan));
      for (let steps = 0; steps <= plan.length; steps += 1) {
        const { fewestInService } = runAndUndo(input.observed, plan, steps);
        if (fewestInService < least) throw new Error(`${fewestInService}: ${JSON.stringify(plan)}`);
      }
    }
  });

  test('a user who has reached the new release keeps it while rolling continues', () => {
    for (const { input, plan } of cases.filter(({ name }) => name === 'rolling')) {
      const machine = new SimulatedMachine(input.observed);
      let fresh = -1;
      for (const { step } of plan) {
        machine.do(step);
        if (step.do !== 'shift') continue;
        const have = slotsOfBuckets(step.to).map(
          (slot) => slot !== null && machine.runs(slot) === input.release.commit,
        );
        const count = have.lastIndexOf(true) + 1;
        // the first shift may move users who had the release before the plan
        if (fresh === -1) fresh = count;
        const sentBack = have.slice(0, count).includes(false) || count < fresh;
        if (sentBack) throw new Error(JSON.stringify({ observed: input.observed, plan }));
        fresh = count;
      }
    }
  });
});

function casesOf(observed: Observed, slots: string[]): Case[] {
  const inputs = [OLD, NEW].flatMap((commit) =>
    RULES.map((rule) => inputFor(observed, commit, { slots, rolling: rule, migrate: commit === NEW })),
  );
  return inputs.flatMap((input) =>
    Object.entries(STRATEGIES)
      // only rolling uses the rule
      .filter(([name]) => name === 'rolling' || input.rolling === RULES[0])
      .map(([name, strategy]) => ({ name, input, plan: strategy.plan(input) })),
  );
}

/** The states reachable from an empty home by complete plans, by the death of any slot, and by stopping everything. */
function reachable(slots: string[]): Observed[] {
  const states = new Map<string, Observed>();
  const waiting: Observed[] = [{ table: EMPTY_TABLE, slots: [] }];
  for (let observed = waiting.pop(); observed; observed = waiting.pop()) {
    const key = JSON.stringify([
      observed.table,
      observed.slots.map(({ slot, commit, pid }) => [slot, commit, pid]),
    ]);
    if (states.has(key)) continue;
    states.set(key, observed);
    waiting.push({ ...observed, slots: [] }, ...deaths(observed));
    for (const { input, plan } of casesOf(observed, slots)) {
      const machine = new SimulatedMachine(input.observed);
      for (const { step } of plan) machine.do(step);
      waiting.push(ordered(machine.observed('then'), observed));
    }
  }
  return [...states.values()];
}

function deaths({ table, slots }: Observed): Observed[] {
  const dead: Partial<RunningSlot> = { pid: null, status: 'crashed' };
  return slots.map(({ slot: dies }) => ({
    table,
    slots: slots.map((each) => (each.slot === dies ? { ...each, ...dead } : each)),
  }));
}

/** Sorted by slot. Dead slots stay dead unless the plan started them. */
function ordered(now: Observed, before: Observed): Observed {
  const dead = before.slots.filter(
    ({ slot, pid }) => pid === null && !now.slots.some((running) => running.slot === slot),
  );
  const slots = [...now.slots, ...dead].sort((a, b) => a.slot.localeCompare(b.slot));
  return { table: now.table, slots };
}
