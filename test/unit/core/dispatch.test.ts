import { decideDispatch, wantsSpare } from '../../../deploy/core/dispatch';
import { deployment } from '../../support/deployments';

const never = (): number => 0;

test('an empty queue starts nothing', () => expect(decideDispatch([], never)).toEqual({ do: 'nothing' }));

test('a queued deployment is started', () => {
  expect(decideDispatch([deployment({ id: 7 })], never)).toEqual({ do: 'launch', id: 7 });
});

test.each(['running', 'baking'] as const)(
  'a deployment that is %s without a process is recovered before anything new starts, even a rollback',
  (state) => {
    const pending = [deployment({ id: 4, state }), deployment({ id: 5, kind: 'rollback' })];
    expect(decideDispatch(pending, never)).toEqual({ do: 'launch', id: 4 });
  },
);

test('a deployment whose processes keep dying is given up, so that the next can start', () => {
  const dead = deployment({ id: 4, state: 'running' });
  const next = deployment({ id: 5 });
  const launches = (id: number): number => (id === 4 ? 4 : 0);
  expect(decideDispatch([dead, next], launches)).toEqual({ do: 'give-up', id: 4, state: 'interrupted' });
  expect(decideDispatch([next], launches)).toEqual({ do: 'launch', id: 5 });
});

test('a queued deployment is given up after four processes have died before starting it', () => {
  const waiting = deployment({ id: 4 });
  expect(decideDispatch([waiting], () => 3)).toEqual({ do: 'launch', id: 4 });
  expect(decideDispatch([waiting], () => 4)).toEqual({ do: 'give-up', id: 4, state: 'failed' });
});

test('a spare process is loaded when no deployment is running, and during a hold or bake, when a rollback may follow', () => {
  expect(wantsSpare([])).toBe(true);
  expect(wantsSpare([deployment({ state: 'baking' })])).toBe(true);
  expect(wantsSpare([deployment({ state: 'holding' })])).toBe(true);
  expect(wantsSpare([deployment({ state: 'running' })])).toBe(false);
  expect(wantsSpare([deployment({ state: 'baking' }), deployment({ state: 'queued' })])).toBe(false);
});
