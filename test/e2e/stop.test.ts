/** `npm stop` during a deployment undoes it and leaves no process, and `npm start` restores the same release. */
import type { PhaseName } from '../../deploy/core/event';
import { processesWith } from '../../deploy/os/process-table';
import { isOver } from '../../deploy/core/transitions';
import { commandsOf, kill, survivorsOf, untilItHangs, untilPhase } from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { forEachRuntime } from '../support/runtimes';
import { until } from '../support/until';
import { LONG_VERIFY, tinyClone, type Change, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

let clone: TinyClone;

forEachRuntime((runtime) => {
  beforeAll(async () => {
    clone = await tinyClone({ runtime, bake: { seconds: 0 } });
    expectDone(await clone.start());
    expectLive(await clone.release());
  });
  // each test starts from a running Switchyard, whatever the previous one left
  beforeEach(async () => {
    if (clone.deployments().some(({ state }) => !isOver(state))) await clone.switchyard('stop');
    expectDone(await clone.start());
  });
  afterAll(() => clone.cleanUp());

  /** A command that never ends, in the release's folder or in its own container. */
  const [command, hanging]: [PhaseName, Change] =
    runtime === 'pm2'
      ? ['test', { config: { app: { test: ['node', 'app/hang.js'] } } }]
      : ['migrate', { config: { app: { migrate: ['node', 'app/hang.js'] } } }];

  it.each<[PhaseName, Change]>([
    [command, hanging],
    ['start', { behaviour: { silent: true } }],
    ['verify', LONG_VERIFY],
  ])('npm stop undoes a deployment in the phase %s', async (phase, change) => {
    const { serving, files, images } = await clone.state();
    const newest = clone.deployments().at(-1)?.id ?? 0;
    const pushing = clone.release(change);
    const { id } = await untilPhase(clone, newest, phase);
    if (phase === command) await untilItHangs(clone, id);

    const stopped = await clone.switchyard('stop');

    expect(survivorsOf(clone.home)).toEqual([]);
    expectDone(stopped);
    expect(stopped.text).toContain('✓ stopped');
    expect(commandsOf(clone.home, id)).toEqual([]);
    const { verdict, deployment, commit } = await pushing;
    expect(verdict).toBe(
      '✗ NOT LIVE. No release is live until you run npm start: It was stopped by npm stop.',
    );
    expect(deployment).toMatchObject({
      id,
      commit,
      state: 'aborted',
      fault: 'operator',
      errorCode: 'E_STOPPED',
    });

    expectDone(await clone.start());
    expect(await clone.serving()).toMatchObject({ commit: serving.commit });
    expect(await clone.state()).toMatchObject({ files, images });
    expectLive(await clone.release());
  });

  it('npm stop during a bake keeps the new release and ends its bake', async () => {
    const newest = clone.deployments().at(-1)?.id ?? 0;
    const pushing = clone.release({ config: { bake: { seconds: 30 } } });
    await untilPhase(clone, newest, 'bake');

    expectDone(await clone.switchyard('stop'));

    const { deployment, commit } = expectLive(await pushing);
    expect(deployment).toMatchObject({ state: 'succeeded' });
    expect(survivorsOf(clone.home)).toEqual([]);
    expectDone(await clone.start());
    expect(await clone.serving()).toMatchObject({ commit });
  });

  it('npm stop kills the commands that a killed deployment has left', async () => {
    const newest = clone.deployments().at(-1)?.id ?? 0;
    const pushing = clone.release(hanging);
    const { id, pid } = await untilPhase(clone, newest, command);
    await untilItHangs(clone, id);
    // keeps it from stopping by itself when npm stop asks
    kill(pid, 'SIGSTOP');
    const stopping = clone.switchyard('stop');
    await until('the deployer to be gone', () => survivorsOf(clone.home).length > 0 && !deployerRuns());
    kill(pid);

    expect(expectDone(await stopping).text).toContain('✓ stopped');

    expect(commandsOf(clone.home, id)).toEqual([]);
    // no process is still working on the push
    expect((await pushing).verdict).toMatch(/^✗ NOT LIVE\. .*the deployer is not running/);
    expect(survivorsOf(clone.home)).toEqual([]);
  });
});

function deployerRuns(): boolean {
  const inHome = processesWith('SWITCHYARD_HOME', clone.home.dir);
  return inHome.some(({ argv }) => argv.some((word) => word.endsWith('/daemon.js')));
}
