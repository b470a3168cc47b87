import type { RunningSlot } from '../../../deploy/core/slot';
import type { Table } from '../../../deploy/core/traffic-table';
import { rolling } from '../../../deploy/strategies/rolling';
import { restore } from '../../../deploy/strategies/restore';
import { inputFor, NEW, OLD, running, planText } from '../../support/plan-text';

const PAIR: Table = { active: 'green', standby: 'blue' };
const planFor = (table: Table, ...slots: RunningSlot[]): string[] =>
  planText(restore.plan(inputFor({ table, slots }, NEW, { wanted: 'green', bakeSeconds: 0 })));

describe('a live slot that is dead', () => {
  it('leaves its users with the standby while it is started again', () => {
    const plan = planFor(PAIR, running('blue', OLD));
    expect(plan[0]).toBe('shift to blue, undo: shift to green before blue');
    expect(plan[1]).toMatch(/^start green new/);
    expect(plan).toContain('shift to green before blue, undo: shift to blue');
  });

  it.each(['unhealthy', 'crashed'] as const)('does not rely on a standby that is %s', (status) => {
    expect(planFor(PAIR, running('blue', OLD, { status }))[0]).toMatch(/^shift to no slot/);
  });

  it('is started without users when there is no standby', () => {
    expect(planFor({ active: 'green', standby: null })[0]).toMatch(/^shift to no slot/);
  });
});

it('a restore starts a hung slot again in place', () => {
  const plan = planFor(PAIR, running('blue', OLD), running('green', NEW, { status: 'crashed' }));
  expect(plan[0]).toMatch(/^shift to blue/);
  expect(plan[1]).toMatch(/^start green new/);
});

it('a restore leaves an unhealthy process of the live release alone', () => {
  const slots = [running('green', NEW, { status: 'unhealthy' })];
  const input = inputFor({ table: PAIR, slots }, NEW, { wanted: null });
  expect(restore.plan(input)).toEqual([]);
});

it('a restore starts a slot of a pool whose users were moved to the other slots', () => {
  const slots = [running('blue', NEW)];
  const input = inputFor({ table: { active: 'blue', standby: null }, slots }, NEW, { wanted: 'green' });
  const plan = planText(restore.plan(input));
  expect(plan[0]).toMatch(/^start green new/);
  expect(plan.some((step) => step.startsWith('shift to'))).toBe(true);
});

it('a restore starts a release whose process lost its process manager in the other slot, then shifts', () => {
  const slots = [running('blue', NEW, { orphan: true })];
  const input = inputFor({ table: { active: 'blue', standby: null }, slots }, NEW, { wanted: 'green' });
  const plan = planText(restore.plan(input));
  expect(plan[0]).toMatch(/^start green new/);
  expect(plan).toContain('shift to green before blue, undo: shift to blue');
  expect(plan.some((step) => step.includes('no slot') || /^start blue/.test(step))).toBe(false);
});

it('a restore does not keep a process that refuses users as the standby of the slot that replaces it', () => {
  const slots = [running('blue', NEW, { status: 'crashed' })];
  const input = inputFor({ table: { active: 'blue', standby: null }, slots }, NEW, { wanted: 'green' });
  const plan = planText(restore.plan(input));
  expect(plan).toContain('shift to green, undo: shift to blue');
  expect(plan.at(-1)).toMatch(/^stop blue/);
});

describe('a rolling push', () => {
  const first = (...slots: RunningSlot[]): string | undefined =>
    planText(rolling.plan(inputFor({ table: PAIR, slots }, NEW)))[0];

  it('leaves users with the standby when the active slot is dead', () => {
    expect(first(running('blue', OLD))).toMatch(/^shift to blue/);
  });

  it('leaves users with an active slot that is only unhealthy', () => {
    expect(first(running('green', OLD, { status: 'unhealthy' }))).toMatch(/^shift to green/);
  });
});
