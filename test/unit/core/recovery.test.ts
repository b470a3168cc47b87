import { decideRecovery } from '../../../deploy/core/recovery';
import type { Deployment, Entry, JournalEvent, Step } from '../../../deploy/core/types';
import { deployment, TO_GREEN } from '../../support/deployments';

type Phase = Extract<Entry, { type: 'phase' }>;
const BAKE = TO_GREEN.length - 1;
const LIVE: Entry = {
  type: 'live',
  serving: { slot: 'green', commit: 'b2', version: '2' },
  previous: null,
  ms: 1,
  served: 0,
  failed: 0,
  back: null,
  bakeSeconds: 10,
};

const running = (known: Partial<Deployment> = {}): Deployment =>
  deployment({ state: 'running', plan: TO_GREEN, ...known });
const events = (...entries: Entry[]): JournalEvent[] =>
  entries.map((entry, id) => ({ id, deployment: 1, at: id, entry }));
const step = (index: number, status: Phase['status'], undo = false): Entry => ({
  type: 'phase',
  phase: (TO_GREEN[index]?.step as Step).do,
  step: index,
  status,
  undo,
});
/** Every step up to and with this one is done. */
const doneTo = (last: number): Entry[] =>
  TO_GREEN.slice(0, last + 1).flatMap((_, index) => [step(index, 'started'), step(index, 'done')]);

test('killed before the plan: half-made files go, nothing else is touched', () => {
  const built: Entry = { type: 'phase', phase: 'build', status: 'started' };
  expect(decideRecovery(running({ plan: null }), events(built))).toEqual({ do: 'discard' });
});

test('killed between the plan and its first step: there is nothing to take back', () => {
  const built: Entry = { type: 'phase', phase: 'build', status: 'done' };
  expect(decideRecovery(running(), events(built))).toEqual({ do: 'discard' });
});

test('killed inside a step: that step is taken back too, for nobody knows how far it came', () => {
  expect(decideRecovery(running(), events(step(0, 'started')))).toEqual({
    do: 'undo',
    steps: TO_GREEN.slice(0, 1),
  });
});

test('killed between two steps: what was done is taken back', () => {
  expect(decideRecovery(running(), events(...doneTo(1)))).toEqual({
    do: 'undo',
    steps: TO_GREEN.slice(0, 2),
  });
});

test('killed after the shift and before it was verified: the traffic goes back', () => {
  expect(decideRecovery(running(), events(...doneTo(2)))).toEqual({
    do: 'undo',
    steps: TO_GREEN.slice(0, 3),
  });
});

test('killed while it took back: all of it is taken back again, which does no harm', () => {
  const failed = [...doneTo(1), step(2, 'started'), step(2, 'failed'), step(2, 'started', true)];
  expect(decideRecovery(running(), events(...failed))).toEqual({ do: 'undo', steps: TO_GREEN.slice(0, 3) });
});

test('killed while baking: the release was live and verified, so the bake goes on', () => {
  const baking = running({ state: 'baking' });
  const told = events(...doneTo(3), LIVE, step(BAKE, 'started'));
  expect(decideRecovery(baking, told)).toEqual({ do: 'finish', from: BAKE });
});

test('killed while a bad bake was taken back: the bad release is not kept', () => {
  const baking = running({ state: 'baking' });
  const told = events(
    ...doneTo(3),
    LIVE,
    step(BAKE, 'started'),
    step(BAKE, 'failed'),
    step(2, 'started', true),
  );
  expect(decideRecovery(baking, told)).toEqual({ do: 'undo', steps: TO_GREEN });
});

test('killed between LIVE and the bake: what was called live stays live and is watched', () => {
  expect(decideRecovery(running(), events(...doneTo(3), LIVE))).toEqual({ do: 'finish', from: BAKE });
});

test('killed between LIVE and the end of a rollback, which has no bake: it only has to be called done', () => {
  const plan = TO_GREEN.slice(0, BAKE);
  expect(decideRecovery(running({ plan }), events(...doneTo(3), LIVE))).toEqual({
    do: 'finish',
    from: plan.length,
  });
});
