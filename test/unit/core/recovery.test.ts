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
/** Every step up to and including this one is done. */
const doneTo = (last: number): Entry[] =>
  TO_GREEN.slice(0, last + 1).flatMap((_, index) => [step(index, 'started'), step(index, 'done')]);

test('a deployment killed before its plan only loses its half-made files', () => {
  const built: Entry = { type: 'phase', phase: 'build', status: 'started' };
  expect(decideRecovery(running({ plan: null }), events(built))).toEqual({ do: 'discard' });
});

test('a deployment killed between plan and first step has nothing to undo', () => {
  const built: Entry = { type: 'phase', phase: 'build', status: 'done' };
  expect(decideRecovery(running(), events(built))).toEqual({ do: 'discard' });
});

test('a deployment killed inside a step undoes that step too, since its progress is unknown', () => {
  expect(decideRecovery(running(), events(step(0, 'started')))).toEqual({
    do: 'undo',
    steps: TO_GREEN.slice(0, 1),
  });
});

test('a deployment killed between two steps undoes the completed ones', () => {
  expect(decideRecovery(running(), events(...doneTo(1)))).toEqual({
    do: 'undo',
    steps: TO_GREEN.slice(0, 2),
  });
});

test('a deployment killed between the shift and its verification shifts traffic back', () => {
  expect(decideRecovery(running(), events(...doneTo(2)))).toEqual({
    do: 'undo',
    steps: TO_GREEN.slice(0, 3),
  });
});

test('a deployment killed while undoing a step undoes it again, since the progress is unknown', () => {
  const failed = [...doneTo(1), step(2, 'started'), step(2, 'failed'), step(2, 'started', true)];
  expect(decideRecovery(running(), events(...failed))).toEqual({ do: 'undo', steps: TO_GREEN.slice(0, 3) });
});

describe('a deployment killed halfway through its undo', () => {
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
  const undone = [phase(2, 'shift', 'done', true), phase(1, 'stop', 'done', true)];
  const undosAfter = (...entries: Entry[]): Step['do'][][] => {
    const decision = decideRecovery(running({ plan }), events(...done, ...entries));
    return decision.do === 'undo' ? decision.steps.map(({ undo }) => undo.map((each) => each.do)) : [];
  };

  test('does not shift traffic again or stop the restored slot', () => {
    expect(undosAfter(...undone)).toEqual([['start', 'verify'], [], []]);
  });

  test('starts and verifies a restored slot again, since it may have died with the machine', () => {
    const all = [...undone, phase(0, 'start', 'done', true), phase(0, 'verify', 'done', true)];
    expect(undosAfter(...all)).toEqual([['start', 'verify'], [], []]);
  });

  test('undoes a step again that was retried since', () => {
    expect(undosAfter(...undone, phase(2, 'shift', 'started'))).toEqual([['start', 'verify'], [], ['shift']]);
  });
});

test('a deployment killed while baking continues its bake, since the release was live and verified', () => {
  const baking = running({ state: 'baking' });
  const recorded = events(...doneTo(3), LIVE, step(BAKE, 'started'));
  expect(decideRecovery(baking, recorded)).toEqual({ do: 'finish', from: BAKE });
});

test('a deployment killed while undoing a failed bake does not keep the bad release', () => {
  const baking = running({ state: 'baking' });
  const recorded = events(
    ...doneTo(3),
    LIVE,
    step(BAKE, 'started'),
    step(BAKE, 'failed'),
    step(2, 'started', true),
  );
  expect(decideRecovery(baking, recorded)).toEqual({ do: 'undo', steps: TO_GREEN });
});

test('a deployment killed between LIVE and the bake stays live and bakes', () => {
  expect(decideRecovery(running(), events(...doneTo(3), LIVE))).toEqual({ do: 'finish', from: BAKE });
});

test('a rollback killed after LIVE has no bake and only needs to be finished', () => {
  const plan = TO_GREEN.slice(0, BAKE);
  expect(decideRecovery(running({ plan }), events(...doneTo(3), LIVE))).toEqual({
    do: 'finish',
    from: plan.length,
  });
});

describe('a held deployment', () => {
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

  test('stays held when it is killed', () => {
    expect(decideRecovery(held(), phases(HOLD))).toEqual({ do: 'hold', from: HOLD, steps: plan.slice(0, 3) });
  });

  test.each([null, 'promote'] as const)(
    'resumes its hold when it is killed before the shift (operator request: %s)',
    (request) => {
      expect(decideRecovery(held({ request: request }), phases(SHIFT - 1))).toMatchObject({
        do: 'hold',
        from: HOLD,
      });
    },
  );

  test('is undone when it is killed during the shift, whose progress is unknown', () => {
    expect(decideRecovery(held({ request: 'promote' }), phases(SHIFT))).toEqual({
      do: 'undo',
      steps: plan.slice(0, SHIFT + 1),
    });
  });

  test('is undone when it is killed before the hold', () => {
    expect(decideRecovery(held({ state: 'running' }), phases(HOLD - 1))).toEqual({
      do: 'undo',
      steps: plan.slice(0, 2),
    });
  });

  test('continues its undo when it is killed during it', () => {
    const undone: Entry = { type: 'phase', phase: 'stop', step: 0, status: 'started', undo: true };
    expect(decideRecovery(held(), phases(HOLD, undone))).toEqual({ do: 'undo', steps: plan.slice(0, 3) });
  });

  test('is undone when it is killed during an abort, held or baking', () => {
    const undo = { do: 'undo', steps: plan.slice(0, 3) };
    expect(decideRecovery(held({ request: 'abort' }), phases(HOLD))).toEqual(undo);
    const baking = deployment({ state: 'baking', plan: TO_GREEN, request: 'abort' });
    expect(decideRecovery(baking, events(...doneTo(3), LIVE, step(BAKE, 'started')))).toEqual({
      do: 'undo',
      steps: TO_GREEN,
    });
  });
});

describe('a rolling deployment with a failed batch', () => {
  // as rolling plans it: a retry repeats everything from the second step on
  const plan = TO_GREEN.map((planned, index) => (index === 0 ? planned : { ...planned, again: 1 }));
  const failed = [
    ...doneTo(1),
    step(2, 'started'),
    step(2, 'failed'),
    step(2, 'started', true),
    step(2, 'done', true),
  ];

  test('keeps waiting for the operator when it is killed', () => {
    expect(decideRecovery(running({ plan, state: 'holding' }), events(...failed))).toEqual({
      do: 'wait',
      again: 1,
    });
  });

  test('undoes the remaining steps when it is killed during its undo or an abort', () => {
    const [first, second, batch] = plan as [PlannedStep, PlannedStep, PlannedStep];
    const all = { do: 'undo', steps: [first, second, { step: batch.step, undo: [] }] };
    expect(decideRecovery(running({ plan }), events(...failed))).toEqual(all);
    expect(decideRecovery(running({ plan, state: 'holding', request: 'abort' }), events(...failed))).toEqual(
      all,
    );
  });
});

test('a deployment killed while stopping retired slots stops the rest, without a second bake', () => {
  const stop: PlannedStep = { step: { do: 'stop', slot: 'amber' }, undo: [] };
  const plan = [...TO_GREEN, stop];
  const recorded = events(...doneTo(BAKE), LIVE, {
    ...(step(BAKE, 'started') as Phase),
    phase: 'stop',
    step: BAKE + 1,
  });
  expect(decideRecovery(running({ plan, state: 'baking' }), recorded)).toEqual({
    do: 'finish',
    from: BAKE + 1,
  });
});
