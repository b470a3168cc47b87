/**
 * A deployment whose process is killed, in each of its phases: the right release serves within five seconds, nobody
 * has to do anything, nothing half-made stays, and the next push goes through.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { badCause } from '../../deploy/core/rollback-target';
import type { Deployment } from '../../deploy/core/deployment';
import type { PhaseName } from '../../deploy/core/event';
import {
  commandsOf,
  deployerPid,
  abortDeployments,
  kill,
  spares,
  stopWatching,
  untilItHangs,
  untilOver,
  untilPhase,
  watchServing,
} from '../support/crash';
import { BASE_IMAGE } from '../support/docker';
import { expectDone, expectLive } from '../support/expect-live';
import { forEachRuntime } from '../support/runtimes';
import { until } from '../support/until';
import { LONG_VERIFY, tinyClone, type Change, type Pushed, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

/** The promise: after any kill the right release serves again within this time. */
const PROMISED_MS = 5000;

let clone: TinyClone;

const hang = ['node', 'app/hang.js'];
/** Phases in which the kill comes surely before the end, since they wait for something. */
const IN_THE_FOLDER: [PhaseName, Change][] = [
  // these two end soon, so the kill may come in a later phase, but not after the shift
  ['fetch', LONG_VERIFY],
  ['check out', LONG_VERIFY],
  [
    'install',
    { manifest: { scripts: { preinstall: hang.join(' ') } }, files: { 'npm-shrinkwrap.json': lock() } },
  ],
  ['test', { config: { app: { test: hang } } }],
  ['build', { config: { app: { build: hang } } }],
];
const IN_THE_IMAGE: [PhaseName, Change][] = [
  ['build', { files: { Dockerfile: `FROM ${BASE_IMAGE}\nCOPY . .\nRUN node app/hang.js\n` } }],
];
const WHEN_IT_RUNS: [PhaseName, Change][] = [
  ['migrate', { config: { app: { migrate: hang } } }],
  ['start', { behaviour: { silent: true } }],
  ['verify', LONG_VERIFY],
  ['shift', { behaviour: { lateThroughNginxMs: 4000 } }],
  ['verify-live', { behaviour: { lateThroughNginxMs: 4000 } }],
];
const AFTER_THE_SHIFT: PhaseName[] = ['shift', 'verify-live'];
const RUN_COMMANDS: PhaseName[] = ['install', 'test', 'build', 'migrate'];

forEachRuntime((runtime) => {
  beforeAll(async () => {
    clone = await tinyClone({ runtime, bake: { seconds: 0 } });
    expectDone(await clone.start());
    expectLive(await clone.release());
  });
  afterEach(async () => {
    await stopWatching();
    await abortDeployments(clone);
  });
  afterAll(() => clone.cleanUp());

  describe("the deployment's process is killed", () => {
    const stories = [...(runtime === 'pm2' ? IN_THE_FOLDER : IN_THE_IMAGE), ...WHEN_IT_RUNS];

    it.each(stories)('in the phase %s: it is taken back', async (phase, change) => {
      const before = await clone.state();
      const { pushing, deployment } = await pushUntil(phase, change);
      if (RUN_COMMANDS.includes(phase)) await untilItHangs(clone, deployment.id);

      const watching = watchServing(clone, before.serving.commit);
      kill(deployment.pid);

      await expectTakenBack(deployment, await pushing);
      // before the shift users cannot notice anything at all
      expect(await watching.stop()).toBeLessThan(AFTER_THE_SHIFT.includes(phase) ? PROMISED_MS : 1);
      expect(await clone.state()).toEqual(before);
      await expectNextPushToWork();
    });

    it('in the bake: who was told LIVE keeps it, and the watching goes on', async () => {
      const { pushing, deployment } = await pushUntil('bake', { config: { bake: { seconds: 3 } } });
      const watching = watchServing(clone, deployment.commit as string);

      kill(deployment.pid);

      const said = await pushing;
      expectLive(said);
      expect(said.deployment).toMatchObject({ id: deployment.id, state: 'succeeded' });
      expect(warnings(deployment)).toEqual(['its process died; the bake continues']);
      expect(await watching.stop()).toBe(0);
      await expectNextPushToWork();
    });

    it('in the bake of a release that turns out bad: it is taken back all the same', async () => {
      const before = await clone.state();
      const { pushing, deployment } = await pushUntil('bake', { config: { bake: { seconds: 60 } } });

      kill(deployment.pid);
      clone.order(deployment.commit as string, 'unhealthy');

      expect((await pushing).verdict).toMatch(/^✗ NOT LIVE\. Still serving .*answered 500/);
      expect(await untilOver(clone, deployment.id)).toMatchObject({
        state: 'rolled-back',
        errorCode: 'E_BAKE',
      });
      expect(await clone.state()).toEqual(before);
    });

    it('while it is taken back: that goes on', async () => {
      const before = await clone.state();
      const { pushing, deployment } = await pushUntil('verify-live', {
        behaviour: { lateThroughNginxMs: 4000 },
      });
      const watching = watchServing(clone, before.serving.commit);
      kill(deployment.pid);

      // the process that takes it back is killed as well, in the middle of it
      const journal = clone.journal();
      const second = await until('an undo', () => {
        const undoing = journal
          .since(0, deployment.id)
          .some(({ entry }) => entry.type === 'phase' && entry.undo && entry.phase === 'start');
        const { pid } = journal.get(deployment.id) ?? {};
        return undoing && pid !== deployment.pid && pid;
      });
      journal.close();
      kill(second);

      await expectTakenBack(deployment, await pushing);
      expect(await watching.stop()).toBeLessThan(PROMISED_MS);
      expect(await clone.state()).toEqual(before);
      await expectNextPushToWork();
    });
  });

  // whatever runs the slots, it is PM2 that looks after the deployer
  if (runtime === 'compose') return;

  describe('the deployer is killed', () => {
    it.each<[PhaseName, Change]>([
      ['test', { config: { app: { test: ['node', '-e', 'setTimeout(() => {}, 3000)'] } } }],
      ['bake', { config: { bake: { seconds: 3 } } }],
    ])('in the phase %s: the deployment goes on, and the push is told its end', async (phase, change) => {
      const { pushing, deployment } = await pushUntil(phase, change);
      const pid = await deployerPid(clone);

      kill(pid);

      const said = await pushing;
      expectLive(said);
      expect(said.deployment).toMatchObject({ id: deployment.id, pid: deployment.pid, state: 'succeeded' });
      expect(await clone.serving()).toMatchObject({ commit: said.commit });
      expect(await deployerPid(clone)).not.toBe(pid);
    });

    it('just before a push: the push waits for the next deployer', async () => {
      kill(await deployerPid(clone));

      await expectNextPushToWork();
    });

    it.each<[PhaseName, Change]>([
      ['build', { config: { app: { build: hang } } }],
      ['verify-live', { behaviour: { lateThroughNginxMs: 4000 } }],
    ])('together with the deployment in the phase %s: it is taken back', async (phase, change) => {
      const before = await clone.state();
      const pid = await deployerPid(clone);
      const { pushing, deployment } = await pushUntil(phase, change);
      const watching = watchServing(clone, before.serving.commit);

      kill(pid);
      kill(deployment.pid);

      await expectTakenBack(deployment, await pushing);
      expect(await watching.stop()).toBeLessThan(PROMISED_MS);
      expect(await clone.state()).toEqual(before);
      await expectNextPushToWork();
    });
  });

  it('loses nothing but its head start when the process that waits for the next deployment is killed', async () => {
    const spare = await until('a spare process', () => spares(clone.home)[0]);
    kill(spare.pid);
    await expectNextPushToWork();
  });

  it('gives up a deployment whose process dies every time, and goes on with the next', async () => {
    const program = path.join(clone.dir, 'dist', 'deploy', 'deployment.js');
    const counter = path.join(clone.dir, 'dist', 'launches');
    const kept = `${program}.kept`;
    copyFileSync(program, kept);
    writeFileSync(
      program,
      `if (process.argv[2] !== 'spare') require('node:fs').appendFileSync(${JSON.stringify(counter)}, '.'); process.exit(1);\n`,
    );
    // the one that is loaded already would not know of it
    for (const { pid } of spares(clone.home)) kill(pid);

    const said = await clone.release();

    copyFileSync(kept, program);
    expect(said.verdict).toMatch(/^✗ NOT LIVE\. Still serving .*its process died every time it was started/);
    expect(said.deployment).toMatchObject({ state: 'failed', errorCode: 'E_INTERRUPTED', fault: 'machine' });
    expect(readFileSync(counter, 'utf8')).toBe('....');
    await expectNextPushToWork();
  });
});

/** Pushes, and returns at the moment when the deployment begins the phase. */
async function pushUntil(
  phase: PhaseName,
  change: Change,
): Promise<{ pushing: Promise<Pushed>; deployment: Deployment }> {
  const newest = clone.deployments().at(-1)?.id ?? 0;
  const pushing = clone.release(change);
  pushing.catch(() => undefined);
  return { pushing, deployment: await untilPhase(clone, newest, phase) };
}

async function expectTakenBack(deployment: Deployment, { verdict, commit }: Pushed): Promise<void> {
  const { id } = deployment;
  expect(verdict).toMatch(
    /^✗ NOT LIVE\. Still serving .*: The deployment's process was killed; everything was undone\.$/,
  );
  expect(await untilOver(clone, id)).toMatchObject({
    state: 'interrupted',
    errorCode: 'E_INTERRUPTED',
    fault: 'machine',
  });
  expect(warnings(deployment)).toContain('its process died; its steps are undone');
  expect(badCause(clone.deployments(), commit)).toBeNull();
  expect(commandsOf(clone.home, id)).toEqual([]);
}

async function expectNextPushToWork(): Promise<void> {
  const { commit } = expectLive(await clone.release());
  expect(await clone.serving()).toMatchObject({ commit });
}

function warnings({ id }: Deployment): string[] {
  const journal = clone.journal();
  const told = journal.since(0, id).flatMap(({ entry }) => (entry.type === 'warning' ? [entry.message] : []));
  journal.close();
  return told;
}

function lock(): string {
  const packages = { '': { name: 'tiny', version: '1.0.0', hasInstallScript: true } };
  return JSON.stringify({ name: 'tiny', version: '1.0.0', lockfileVersion: 3, requires: true, packages });
}
