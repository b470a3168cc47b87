import type { Inspected } from '../../../../deploy/runtimes/compose/containers';
import { lastEnd, runningSlot } from '../../../../deploy/runtimes/compose/containers';

/** What the engine says of a container that serves, except for what is given. */
function container(State: Partial<Inspected['State']>, RestartCount = 0): Inspected {
  const Labels = {
    'switchyard.slot': 'blue',
    'switchyard.commit': 'c0ffee',
    'switchyard.instance': 'proof',
    'switchyard.environment': '3',
  };
  return {
    Id: 'id',
    RestartCount,
    State: { Status: 'running', Pid: 4711, ExitCode: 0, OOMKilled: false, ...State },
    Config: { Labels },
  };
}

it('knows a slot by the labels of its container', () => {
  expect(runningSlot(container({}, 2))).toMatchObject({
    slot: 'blue',
    commit: 'c0ffee',
    instance: 'proof',
    pid: 4711,
    restarts: 2,
    status: 'online',
    exitCode: null,
  });
});

it.each([
  ['restarting', 'crashed', 'the engine starts it again'],
  ['exited', 'stopped', 'nobody starts it again'],
  ['created', 'stopped', 'its start was cut short'],
  ['dead', 'stopped', 'it could not be removed'],
  ['paused', 'stopped', 'it answers nobody until a person says so'],
])('takes %s for %s: %s', (Status, status) => {
  expect(runningSlot(container({ Status, Pid: 0, ExitCode: 3 }))).toMatchObject({
    status,
    pid: null,
    exitCode: 3,
  });
});

it('has no process for a container that is removed, and none of pid 0', () => {
  expect(runningSlot(container({ Status: 'running', Pid: 0 })).pid).toBeNull();
  expect(runningSlot({ ...container({}), Config: { Labels: null } })).toMatchObject({ slot: '', commit: '' });
});

describe('how a container that runs again has ended', () => {
  const event = (Action: string, exitCode?: string): Parameters<typeof lastEnd>[0][number] => ({
    Action,
    Actor: { Attributes: exitCode === undefined ? {} : { exitCode } },
  });

  it('is told by its last events, as long as the engine keeps them', () => {
    const [killed, died] = [event('die', '137'), event('die', '3')];
    expect(lastEnd([died, event('oom'), killed])).toEqual({ exitCode: 137, outOfMemory: true });
    expect(lastEnd([event('oom'), killed, died])).toEqual({ exitCode: 3, outOfMemory: false });
    // a child of the process that runs now
    expect(lastEnd([died, event('oom')])).toEqual({ exitCode: 3, outOfMemory: false });
    expect(lastEnd([])).toEqual({ exitCode: null, outOfMemory: false });
  });
});
