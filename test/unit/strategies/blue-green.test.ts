import type { PlanInput } from '../../../deploy/core/interfaces';
import type { Observed, Plan } from '../../../deploy/core/plan';
import type { RunningSlot } from '../../../deploy/core/slot';
import { blueGreen } from '../../../deploy/strategies/blue-green';
import { inputFor, NEW, OLD, OTHER, running, serves, planText } from '../../support/plan-text';

describe('a new release', () => {
  it('starts in blue when no release is live, is verified and gets the traffic', () => {
    expect(planText(plan(serves(null), NEW))).toEqual([
      'start blue new, undo: stop blue',
      'verify blue new',
      'shift to blue, undo: shift to no slot',
      'verify-live blue new',
      'bake blue new',
    ]);
  });

  it('keeps the maintenance page up until it is verified', () => {
    const observed = serves('blue');
    observed.table.maintenance = true;
    expect(planText(plan(observed, NEW)).slice(0, 3)).toEqual([
      'start green new, undo: stop green',
      'verify green new',
      'shift to green, undo: shift to the page for blue',
    ]);
  });

  it('starts in green when blue is active, and blue stays warm as its standby', () => {
    expect(planText(plan(serves('blue', running('blue', OLD)), NEW))).toEqual([
      'start green new, undo: stop green',
      'verify green new',
      'shift to green before blue, undo: shift to blue',
      'verify-live green new',
      'bake green new',
    ]);
  });

  it('replaces the warm release, which leaves the table first and is restored by the undo', () => {
    const observed = serves('blue', running('blue', OLD), running('green', OTHER));
    observed.table.standby = 'green';
    expect(planText(plan(observed, NEW))).toEqual([
      'shift to blue, undo: shift to blue before green',
      'start green new, undo: start green other, verify green other',
      'verify green new',
      'shift to green before blue, undo: shift to blue',
      'verify-live green new',
      'bake green new',
    ]);
  });

  it('migrates before anything else, and has no bake when bakeSeconds is 0', () => {
    const observed = serves('blue', running('blue', OLD));
    expect(planText(plan(observed, NEW, { migrate: true, bakeSeconds: 0 }))).toEqual([
      'migrate new',
      'start green new, undo: stop green',
      'verify green new',
      'shift to green before blue, undo: shift to blue',
      'verify-live green new',
    ]);
  });

  it('starts in the other slot when the live release does not answer', () => {
    const hanging = serves('blue', running('blue', NEW, { status: 'crashed' }));
    expect(planText(plan(hanging, NEW))[0]).toBe('start green new, undo: stop green');
  });

  it('is verified by the instance it started and a restart count of zero', () => {
    const [start, verify] = plan(serves('blue', running('blue', OLD)), NEW);
    expect(start?.step).toMatchObject({ instance: 'fresh', restarts: 0 });
    expect(verify?.step).toMatchObject({ instance: 'fresh', restarts: 0 });
  });
});

describe('a release that is to be held', () => {
  it('waits between its verification and the traffic, and is verified again', () => {
    expect(planText(plan(serves('blue', running('blue', OLD)), NEW, { hold: true }))).toEqual([
      'start green new, undo: stop green',
      'verify green new',
      'hold green new',
      'verify green new',
      'shift to green before blue, undo: shift to blue',
      'verify-live green new',
      'bake green new',
    ]);
  });

  it('waits even if it is already warm, and goes live as the very same process', () => {
    const observed = serves('blue', running('blue', OLD), running('green', NEW));
    observed.table.standby = 'green';
    const held = plan(observed, NEW, { hold: true });
    expect(planText(held)).toEqual([
      'verify green new',
      'hold green new',
      'verify green new',
      'shift to green, files of blue, undo: shift to blue before green',
      'verify-live green new',
    ]);
    expect(held[1]?.step).toMatchObject({ instance: 'green-instance', restarts: 0 });
  });

  it('has nothing to wait for when it is already live', () => {
    expect(plan(serves('green', running('green', NEW)), NEW, { hold: true })).toEqual([]);
  });
});

describe('a warm release', () => {
  const warm = { table: { active: 'blue', standby: 'green' } };
  const observed = (green: RunningSlot): Observed => ({ ...warm, slots: [running('blue', OLD), green] });

  it('gets the traffic by one rename, verified and not started again', () => {
    expect(planText(plan(observed(running('green', NEW)), NEW))).toEqual([
      'verify green new',
      'shift to green, files of blue, undo: shift to blue before green',
      'verify-live green new',
    ]);
  });

  it('leaves a slot that does not answer out of the table', () => {
    const dead = { ...warm, slots: [running('blue', OLD, { pid: null }), running('green', NEW)] };
    expect(planText(plan(dead, NEW))[1]).toBe('shift to green, undo: shift to blue before green');
  });

  it('is replaced only after no page asks its slot for files', () => {
    const table = { active: 'blue', standby: null, assets: 'green' };
    const slots = [running('blue', OLD), running('green', OTHER)];
    expect(planText(plan({ table, slots }, NEW)).slice(0, 2)).toEqual([
      'shift to blue, undo: shift to blue, files of green',
      'start green new, undo: start green other, verify green other',
    ]);
  });

  it('is verified by its own instance and restart count', () => {
    const [verify] = plan(observed(running('green', NEW, { restarts: 2 })), NEW);
    expect(verify?.step).toMatchObject({ instance: 'green-instance', restarts: 2 });
  });

  it('is started again when it does not answer, or when it is not the standby in the table', () => {
    const silent = observed(running('green', NEW, { status: 'crashed' }));
    const unknown = serves('blue', running('blue', OLD), running('green', NEW));
    for (const state of [silent, unknown]) {
      expect(planText(plan(state, NEW))).toContain(
        'start green new, undo: start green new, verify green new',
      );
    }
  });
});

describe('a slot chosen by an operator', () => {
  it('is refused while it is active, with a hint that names the other slot', () => {
    const observed = serves('blue', running('blue', OLD), running('green', OTHER));
    expect(refusal(observed, 'blue')).toMatchObject({
      code: 'E_SLOT_ACTIVE',
      hint: 'Deploy to green: ./switchyard deploy:green',
    });
    expect(refusal({ ...observed, table: { active: 'green', standby: null } }, 'green')).toMatchObject({
      hint: 'Deploy to blue: ./switchyard deploy:blue',
    });
  });

  it('gets a release that is already live in the other slot', () => {
    expect(planText(plan(serves('blue', running('blue', NEW)), NEW, { wanted: 'green' }))).toContain(
      'start green new, undo: stop green',
    );
  });
});

describe('an environment', () => {
  const warm = { table: { active: 'blue', standby: 'green' } };

  it('that changed makes the live release start again in the other slot', () => {
    const observed = serves('blue', running('blue', NEW, { environment: 1 }));
    const steps = plan(observed, NEW, { environment: 2, migrate: true });
    expect(planText(steps)[1]).toBe('start green new, undo: stop green');
    expect(steps.map(({ step }) => ('environment' in step ? step.environment : null)).slice(0, 2)).toEqual([
      2, 2,
    ]);
    expect(plan(observed, NEW, { environment: 1 })).toEqual([]);
  });

  it('that changed makes a warm release start again, since a process keeps the one it started with', () => {
    const slots = [running('blue', OLD, { environment: 2 }), running('green', NEW, { environment: 1 })];
    const steps = plan({ ...warm, slots }, NEW, { environment: 2 });
    expect(steps.find(({ step }) => step.do === 'start')?.step).toMatchObject({
      slot: 'green',
      environment: 2,
    });
    expect(plan({ ...warm, slots }, NEW, { environment: 1 })[0]?.step.do).toBe('verify');
  });

  it('of a replaced warm release is restored with it by the undo', () => {
    const slots = [running('blue', OLD, { environment: 2 }), running('green', OTHER, { environment: 1 })];
    const start = plan({ ...warm, slots }, NEW, { environment: 3 }).find(({ step }) => step.do === 'start');
    expect(start?.undo[0]).toMatchObject({ do: 'start', commit: OTHER, environment: 1 });
  });
});

describe('a live release', () => {
  it('needs no step when it answers', () => {
    expect(plan(serves('green', running('green', NEW)), NEW)).toEqual([]);
  });
});

describe('after npm stop, when the table names a slot in which nothing runs', () => {
  const stopped: Observed = { table: { active: 'blue', standby: 'green' }, slots: [] };

  it('no user is sent to that slot until its release is verified', () => {
    expect(planText(plan(stopped, OLD, { wanted: 'blue', bakeSeconds: 0 }))).toEqual([
      'shift to no slot, undo: shift to blue before green',
      'start blue old, undo: stop blue',
      'verify blue old',
      'shift to blue, undo: shift to no slot',
      'verify-live blue old',
    ]);
  });

  it('a new release starts in the other slot, without a dead standby', () => {
    expect(planText(plan(stopped, NEW, { bakeSeconds: 0 }))).toEqual([
      'shift to blue, undo: shift to blue before green',
      'start green new, undo: stop green',
      'verify green new',
      'shift to green, undo: shift to blue',
      'verify-live green new',
    ]);
  });
});

test('planning without any slot throws', () => {
  expect(() => plan(serves(null), NEW, { slots: [] })).toThrow('No slot');
});

function plan(observed: Observed, wantedCommit: string, options: Partial<PlanInput> = {}): Plan {
  return blueGreen.plan(inputFor(observed, wantedCommit, options));
}

function refusal(observed: Observed, wanted: string): unknown {
  try {
    return plan(observed, NEW, { wanted });
  } catch (error) {
    return error;
  }
}
