import type { PlanInput, RollingRule } from '../../../deploy/core/interfaces';
import { inService } from '../../../deploy/core/traffic-split';
import type { Observed } from '../../../deploy/core/plan';
import type { Table } from '../../../deploy/core/traffic-table';
import { restore } from '../../../deploy/strategies/restore';
import { rolling } from '../../../deploy/strategies/rolling';
import { inputFor, NEW, OLD, OTHER, running, serves, planText } from '../../support/plan-text';

const FOUR = ['blue', 'green', 'amber', 'violet'];
const rule = (known: Partial<RollingRule>): Partial<PlanInput> => ({
  rolling: { batch: 1, minHealthy: 1, onFailure: 'undo', ...known },
});
const plan = (observed: Observed, options: Partial<PlanInput> = {}): string[] =>
  planText(rolling.plan(inputFor(observed, NEW, options)));

describe('rolling over two slots', () => {
  it('fills the idle slot, then replaces the active one, so that one always serves', () => {
    const observed = serves('blue', running('blue', OLD), running('green', OTHER));
    observed.table.standby = 'green';
    expect(plan(observed)).toEqual([
      'shift to blue, undo: shift to blue before green',
      'start green new, undo: start green other, verify green other',
      'verify green new',
      'shift to green 50, blue 50 before green, undo: shift to blue',
      'shift to green, undo: shift to blue',
      'start blue new, undo: start blue old, verify blue old',
      'verify blue new',
      'verify green new',
      'shift to green 50, blue 50 before green, same release, undo: shift to green',
      'verify-live blue and green new',
      'bake blue and green new',
    ]);
  });
});

describe('rolling over four serving slots', () => {
  const all: Table = {
    active: 'blue',
    standby: 'green',
    shares: ['green', 'amber', 'violet'].map((slot) => ({ slot, buckets: 25 })),
    uniform: true,
  };
  const observed: Observed = { table: all, slots: FOUR.map((slot) => running(slot, OLD)) };
  const shifts = (options: Partial<PlanInput>): string[] =>
    plan(observed, { slots: FOUR, ...options })
      .filter((line) => line.startsWith('shift'))
      .map((line) => line.split(', undo')[0] as string);

  it('replaces one slot at a time, the active one last', () => {
    expect(shifts({})).toEqual([
      'shift to amber 33, violet 34, blue 33 before amber, same release',
      'shift to green 25, amber 25, violet 25, blue 25 before amber',
      'shift to green 33, violet 34, blue 33 before violet',
      'shift to green 25, amber 25, violet 25, blue 25 before violet',
      'shift to green 33, amber 34, blue 33 before green',
      'shift to green 25, amber 25, violet 25, blue 25 before green',
      'shift to amber 33, violet 34, green 33 before amber, same release',
      'shift to green 25, amber 25, violet 25, blue 25 before green, same release',
    ]);
  });

  it('replaces one batch at a time: a number of slots, or a percentage rounded down', () => {
    expect(shifts({ ...rule({ batch: 2 }) })).toHaveLength(4);
    expect(shifts({ ...rule({ batch: '50%' }) })).toHaveLength(4);
    expect(shifts({ ...rule({ batch: '10%' }) })).toHaveLength(8);
  });

  it('is undone into restored slots as soon as minHealthy of them are back', () => {
    const backTo = (minHealthy: number): string[] =>
      rolling
        .plan(inputFor(observed, NEW, { slots: FOUR, ...rule({ minHealthy }) }))
        .reverse()
        .flatMap(({ undo }) => undo)
        .flatMap((step) => (step.do === 'shift' ? [inService(step.to).sort().join(' ')] : []));
    const [two, three, all] = ['blue violet', 'amber blue violet', 'amber blue green violet'];
    expect(backTo(1)).toEqual(['amber green violet', 'blue', 'blue', two, two, three, three, all]);
    expect(backTo(2)).toEqual([
      ...['amber green violet', all, 'amber blue green', two, two, three, three, all],
    ]);
  });

  it('is refused when too few slots would stay in service, with a hold and with a chosen slot', () => {
    for (const known of [{ minHealthy: 4 }, { batch: 3, minHealthy: 2 }, { batch: '100%', minHealthy: 1 }])
      expect(() => plan(observed, { slots: FOUR, ...rule(known) })).toThrow(
        expect.objectContaining({ code: 'E_STRATEGY' }),
      );
    expect(() => plan(observed, { slots: FOUR, hold: true })).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('held') as string,
        hint: 'Use another strategy: ./switchyard deploy --hold --strategy blue-green',
      }),
    );
    expect(() => plan(observed, { slots: FOUR, wanted: 'amber' })).toThrow('chosen');
  });

  it('marks for each step where a retry starts when an operator decides about failures', () => {
    const steps = rolling.plan(inputFor(observed, NEW, { slots: FOUR, ...rule({ onFailure: 'hold' }) }));
    expect(steps.map(({ again }) => again)).toEqual([
      ...[0, 0, 0, 0],
      // the previous slot is verified again, since it may have died since then; after a failure it is the one to retry
      ...[4, 4, 4, 0, 4],
      ...[9, 9, 9, 4, 9],
      ...[14, 14, 14, 9, 14],
      ...[undefined, undefined],
    ]);
  });

  it('has nothing to do when every slot runs the release, and skips those that do', () => {
    const mixed = { table: all, slots: FOUR.map((slot) => running(slot, slot === 'amber' ? OLD : NEW)) };
    expect(plan({ ...mixed, slots: FOUR.map((slot) => running(slot, NEW)) }, { slots: FOUR })).toEqual([]);
    expect(plan(mixed, { slots: FOUR }).filter((line) => line.startsWith('start'))).toEqual([
      'start amber new, undo: start amber old, verify amber old',
    ]);
  });

  it('counts two environments of one commit as two releases', () => {
    const environments = FOUR.map((slot) => running(slot, OLD, { environment: slot === 'violet' ? 1 : 0 }));
    const mixed = { table: { ...all, uniform: false }, slots: environments };
    expect(plan(mixed, { slots: FOUR })[0]).toBe(
      'shift to amber 33, violet 34, blue 33 before amber, undo: shift to green 25, amber 25, violet 25, blue 25 before green',
    );
  });

  it('is restored by starting dead slots only', () => {
    const died = observed.slots.map((each) => (each.slot === 'amber' ? { ...each, pid: null } : each));
    const restored = restore.plan(
      inputFor({ table: all, slots: died }, OLD, { slots: FOUR, bakeSeconds: 0 }),
    );
    expect(planText(restored)).toEqual([
      'shift to green 33, violet 34, blue 33 before green, same release, undo: shift to green 25, amber 25, violet 25, blue 25 before green, same release',
      'start amber old, undo: stop amber',
      'verify amber old',
      'shift to green 25, amber 25, violet 25, blue 25 before green, same release, undo: shift to green 33, violet 34, blue 33 before green, same release',
      'verify-live blue and green and amber and violet old',
    ]);
    expect(restore.plan(inputFor(observed, OLD, { slots: FOUR }))).toEqual([]);
  });

  it('is restored in the remaining slots when the pool has become smaller', () => {
    const slots = ['blue', 'green'];
    const restoredFrom = (alive: Observed['slots']): string[] =>
      planText(
        restore.plan(inputFor({ table: all, slots: alive }, OLD, { slots, bakeSeconds: 0, wanted: null })),
      ).map((line) => line.split(', undo')[0] as string);
    expect(restoredFrom([])).toEqual([
      'shift to no slot',
      'start blue old',
      'verify blue old',
      'shift to blue',
      'start green old',
      'verify green old',
      'shift to green 50, blue 50 before green, same release',
      'verify-live blue and green old',
    ]);
    expect(restoredFrom(observed.slots.filter(({ slot }) => slots.includes(slot)))).toEqual([
      'shift to green 50, blue 50 before green, same release',
      'verify-live blue and green old',
    ]);
  });

  it('serves after npm stop as soon as the first slot is up, then from all slots', () => {
    const restored = planText(
      restore.plan(inputFor({ table: all, slots: [] }, OLD, { slots: FOUR, bakeSeconds: 0 })),
    );
    expect(restored.map((line) => line.split(', undo')[0])).toEqual([
      'shift to no slot',
      'start blue old',
      'verify blue old',
      'shift to blue',
      'start green old',
      'start amber old',
      'start violet old',
      'verify green old',
      'verify amber old',
      'verify violet old',
      'shift to green 25, amber 25, violet 25, blue 25 before green, same release',
      'verify-live blue and green and amber and violet old',
    ]);
  });
});

it('rolling on a fresh home fills the whole pool', () => {
  const steps = plan(serves(null), { slots: FOUR, ...rule({ batch: 2 }) });
  expect(steps.filter((line) => line.startsWith('shift to'))).toHaveLength(2);
  expect(steps.at(-2)).toBe('verify-live blue and green and amber and violet new');
});
