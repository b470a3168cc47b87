import { decideRecovery } from '../../../deploy/core/recovery';
import type { Deployment } from '../../../deploy/core/deployment';
import type { Entry, JournalEvent } from '../../../deploy/core/event';
import type { PlannedStep, Step } from '../../../deploy/core/plan';
import { deployment, PROOF, TO_GREEN } from '../../support/deployments';

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

test('killed while it took a step back: that is taken back again, for nobody knows how far it came', () => {
  const failed = [...doneTo(1), step(2, 'started'), step(2, 'failed'), step(2, 'started', true)];
  expect(decideRecovery(running(), events(...failed))).toEqual({ do: 'undo', steps: TO_GREEN.slice(0, 3) });
});

describe('killed while it took back, with some of it behind it', () => {
  const plan: PlannedStep[] = [
    {
      step: { do: 'stop', slot: 'green' },
      undo: [
        { ...PROOF, do: 'start' },
        { ...PROOF, do: 'verify' },
      ],
    },
    { step: { ...PROOF, do: 'start' }, undo: [{ do: 'stop', slot: 'green' }] },
    TO_GREEN[2] as PlannedStep,
  ];
  const phase = (at: number, name: Step['do'], status: Phase['status'], undo = false): Entry => ({
    type: 'phase',
    phase: name,
    step: at,
    status,
    undo,
  });
  const done = [phase(0, 'stop', 'done'), phase(1, 'start', 'done'), phase(2, 'shift', 'done')];
  const takenBack = [phase(2, 'shift', 'done', true), phase(1, 'stop', 'done', true)];
  const undosAfter = (...entries: Entry[]): Step['do'][][] => {
    const decision = decideRecovery(running({ plan }), events(...done, ...entries));
    return decision.do === 'undo' ? decision.steps.map(({ undo }) => undo.map((each) => each.do)) : [];
  };

  test('users are not moved again, and what they have got back is not stopped', () => {
    expect(undosAfter(...takenBack)).toEqual([['start', 'verify'], [], []]);
  });

  test('a slot that was put back is looked at, since it may have died with the machine', () => {
    const all = [...takenBack, phase(0, 'start', 'done', true), phase(0, 'verify', 'done', true)];
    expect(undosAfter(...all)).toEqual([['start', 'verify'], [], []]);
  });

  test('a step that was tried again since is taken back again', () => {
    expect(undosAfter(...takenBack, phase(2, 'shift', 'started'))).toEqual([
      ['start', 'verify'],
      [],
      ['shift'],
    ]);
  });
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

describe('held', () => {
  const hold = { step: { ...PROOF, do: 'hold' as const }, undo: [] };
  const [start, verify, ...rest] = TO_GREEN as [PlannedStep, PlannedStep, ...PlannedStep[]];
  const plan = [start, verify, hold, verify, ...rest];
  const [HOLD, SHIFT] = [2, 4];
  const held = (known: Partial<Deployment> = {}): Deployment =>
    deployment({ state: 'holding', hold: true, plan, ...known });
  const phases = (last: number, ...more: Entry[]): JournalEvent[] =>
    events(
      ...plan
        .slice(0, last)
        .flatMap(({ step: { do: phase } }, step) => [
          { type: 'phase', phase, step, status: 'started' } as const,
          { type: 'phase', phase, step, status: 'done' } as const,
        ]),
      { type: 'phase', phase: plan[last]?.step.do as Step['do'], step: last, status: 'started' },
      ...more,
    );

  test('killed while it was held: it is held on', () => {
    expect(decideRecovery(held(), phases(HOLD))).toEqual({ do: 'hold', from: HOLD, steps: plan.slice(0, 3) });
  });

  test.each([null, 'promote'] as const)(
    'killed after a person said yes (%s), before the shift: the hold is taken up again, and the yes holds',
    (wish) => {
      expect(decideRecovery(held({ wish }), phases(SHIFT - 1))).toMatchObject({ do: 'hold', from: HOLD });
    },
  );

  test('killed in the shift: nobody knows how far it came, so it is taken back', () => {
    expect(decideRecovery(held({ wish: 'promote' }), phases(SHIFT))).toEqual({
      do: 'undo',
      steps: plan.slice(0, SHIFT + 1),
    });
  });

  test('killed before it came to the hold: it is taken back', () => {
    expect(decideRecovery(held({ state: 'running' }), phases(HOLD - 1))).toEqual({
      do: 'undo',
      steps: plan.slice(0, 2),
    });
  });

  test('killed while it was taken back: that goes on', () => {
    const undone: Entry = { type: 'phase', phase: 'stop', step: 0, status: 'started', undo: true };
    expect(decideRecovery(held(), phases(HOLD, undone))).toEqual({ do: 'undo', steps: plan.slice(0, 3) });
  });

  test('killed while an operator aborts it: it is taken back, held, baking or running', () => {
    const undo = { do: 'undo', steps: plan.slice(0, 3) };
    expect(decideRecovery(held({ wish: 'abort' }), phases(HOLD))).toEqual(undo);
    const baking = deployment({ state: 'baking', plan: TO_GREEN, wish: 'abort' });
    expect(decideRecovery(baking, events(...doneTo(3), LIVE, step(BAKE, 'started')))).toEqual({
      do: 'undo',
      steps: TO_GREEN,
    });
  });
});

describe('a batch of it failed', () => {
  // as rolling plans it: from the second step on it would be tried again from the second
  const plan = TO_GREEN.map((planned, index) => (index === 0 ? planned : { ...planned, again: 1 }));
  const failed = [
    ...doneTo(1),
    step(2, 'started'),
    step(2, 'failed'),
    step(2, 'started', true),
    step(2, 'done', true),
  ];

  test('and it waited for a person: it waits on', () => {
    expect(decideRecovery(running({ plan, state: 'holding' }), events(...failed))).toEqual({
      do: 'wait',
      again: 1,
    });
  });

  test('and it was being taken back, or a person wanted that: everything is that is not yet', () => {
    const [first, second, batch] = plan as [PlannedStep, PlannedStep, PlannedStep];
    const all = { do: 'undo', steps: [first, second, { step: batch.step, undo: [] }] };
    expect(decideRecovery(running({ plan }), events(...failed))).toEqual(all);
    expect(decideRecovery(running({ plan, state: 'holding', wish: 'abort' }), events(...failed))).toEqual(
      all,
    );
  });
});

test('killed while what serves nobody any more was ended: the rest of that is done, and no second bake', () => {
  const stop: PlannedStep = { step: { do: 'stop', slot: 'amber' }, undo: [] };
  const plan = [...TO_GREEN, stop];
  const told = events(...doneTo(BAKE), LIVE, {
    ...(step(BAKE, 'started') as Phase),
    phase: 'stop',
    step: BAKE + 1,
  });
  expect(decideRecovery(running({ plan, state: 'baking' }), told)).toEqual({ do: 'finish', from: BAKE + 1 });
});
