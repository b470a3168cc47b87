import type { Inspected } from '../../../../deploy/runtimes/compose/containers';
import { lastExit, runningSlot } from '../../../../deploy/runtimes/compose/containers';

/** The engine's answer for a running container, with these overrides. */
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

it('a slot is recognized by the labels of its container', () => {
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
  ['exited', 'stopped', 'nothing starts it again'],
  ['created', 'stopped', 'its start was cut short'],
  ['dead', 'stopped', 'it could not be removed'],
  ['paused', 'stopped', 'it does not answer until an operator resumes it'],
])('a container that is %s counts as %s, since %s', (Status, status) => {
  expect(runningSlot(container({ Status, Pid: 0, ExitCode: 3 }))).toMatchObject({
    status,
    pid: null,
    exitCode: 3,
  });
});

it('a container with pid 0 has no process, and one without labels has no slot', () => {
  expect(runningSlot(container({ Status: 'running', Pid: 0 })).pid).toBeNull();
  expect(runningSlot({ ...container({}), Config: { Labels: null } })).toMatchObject({ slot: '', commit: '' });
});

describe('the last exit of a restarted container', () => {
  const event = (Action: string, exitCode?: string): Parameters<typeof lastExit>[0][number] => ({
    Action,
    Actor: { Attributes: exitCode === undefined ? {} : { exitCode } },
  });

  it('is read from its last events, as long as the engine keeps them', () => {
    const [killed, died] = [event('die', '137'), event('die', '3')];
    expect(lastExit([died, event('oom'), killed])).toEqual({ exitCode: 137, outOfMemory: true });
    expect(lastExit([event('oom'), killed, died])).toEqual({ exitCode: 3, outOfMemory: false });
    // the kernel killed a child of the process that is running now
    expect(lastExit([died, event('oom')])).toEqual({ exitCode: 3, outOfMemory: false });
    expect(lastExit([])).toEqual({ exitCode: null, outOfMemory: false });
  });
});
