/**
 * Kills the process of a deployment in each of its phases. The right release is live within five seconds without an
 * operator, nothing half-made stays, and the next push goes live.
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

/** The promise: after any kill the right release is live again within this time. */
const PROMISED_MS = 5000;

let clone: TinyClone;

const hang = ['node', 'app/hang.js'];
/** Phases that wait for something, so the kill certainly comes before their end. */
const IN_THE_FOLDER: [PhaseName, Change][] = [
  // these two are short, so the kill may hit a later phase, but not after the shift
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
    const cases = [...(runtime === 'pm2' ? IN_THE_FOLDER : IN_THE_IMAGE), ...WHEN_IT_RUNS];

    it.each(cases)('in the phase %s, and it is undone', async (phase, change) => {
      const before = await clone.state();
      const { pushing, deployment } = await pushUntil(phase, change);
      if (RUN_COMMANDS.includes(phase)) await untilItHangs(clone, deployment.id);

      const watching = watchServing(clone, before.serving.commit);
      kill(deployment.pid);

      await expectUndone(deployment, await pushing);
      // before the shift users are not affected at all
      expect(await watching.stop()).toBeLessThan(AFTER_THE_SHIFT.includes(phase) ? PROMISED_MS : 1);
      expect(await clone.state()).toEqual(before);
      await expectNextPushLive();
    });

    it('in the bake, and the release stays live and its bake continues', async () => {
      const { pushing, deployment } = await pushUntil('bake', { config: { bake: { seconds: 3 } } });
      const watching = watchServing(clone, deployment.commit as string);

      kill(deployment.pid);

      const result = await pushing;
      expectLive(result);
      expect(result.deployment).toMatchObject({ id: deployment.id, state: 'succeeded' });
      expect(warnings(deployment)).toEqual(['its process died; the bake continues']);
      expect(await watching.stop()).toBe(0);
      await expectNextPushLive();
    });

    it('in the bake of a bad release, and it is still rolled back', async () => {
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

    it('during its undo, and the undo continues', async () => {
      const before = await clone.state();
      const { pushing, deployment } = await pushUntil('verify-live', {
        behaviour: { lateThroughNginxMs: 4000 },
      });
      const watching = watchServing(clone, before.serving.commit);
      kill(deployment.pid);

      // also kills the process that undoes it, during the undo
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

      await expectUndone(deployment, await pushing);
      expect(await watching.stop()).toBeLessThan(PROMISED_MS);
      expect(await clone.state()).toEqual(before);
      await expectNextPushLive();
    });
  });

  // PM2 manages the deployer under both runtimes
  if (runtime === 'compose') return;

  describe('the deployer is killed', () => {
    it.each<[PhaseName, Change]>([
      ['test', { config: { app: { test: ['node', '-e', 'setTimeout(() => {}, 3000)'] } } }],
      ['bake', { config: { bake: { seconds: 3 } } }],
    ])(
      'in the phase %s, and the deployment continues and the push reports its end',
      async (phase, change) => {
        const { pushing, deployment } = await pushUntil(phase, change);
        const pid = await deployerPid(clone);

        kill(pid);

        const result = await pushing;
        expectLive(result);
        expect(result.deployment).toMatchObject({
          id: deployment.id,
          pid: deployment.pid,
          state: 'succeeded',
        });
        expect(await clone.serving()).toMatchObject({ commit: result.commit });
        expect(await deployerPid(clone)).not.toBe(pid);
      },
    );

    it('just before a push, and the push waits for the next deployer', async () => {
      kill(await deployerPid(clone));

      await expectNextPushLive();
    });

    it.each<[PhaseName, Change]>([
      ['build', { config: { app: { build: hang } } }],
      ['verify-live', { behaviour: { lateThroughNginxMs: 4000 } }],
    ])('together with the deployment in the phase %s, and it is undone', async (phase, change) => {
      const before = await clone.state();
      const pid = await deployerPid(clone);
      const { pushing, deployment } = await pushUntil(phase, change);
      const watching = watchServing(clone, before.serving.commit);

      kill(pid);
      kill(deployment.pid);

      await expectUndone(deployment, await pushing);
      expect(await watching.stop()).toBeLessThan(PROMISED_MS);
      expect(await clone.state()).toEqual(before);
      await expectNextPushLive();
    });
  });

  it('a push goes live after the spare deployment process was killed', async () => {
    const spare = await until('a spare process', () => spares(clone.home)[0]);
    kill(spare.pid);
    await expectNextPushLive();
  });

  it('a deployment whose process dies every time fails, and the next one goes live', async () => {
    const program = path.join(clone.dir, 'dist', 'deploy', 'deployment.js');
    const counter = path.join(clone.dir, 'dist', 'launches');
    const original = `${program}.original`;
    copyFileSync(program, original);
    writeFileSync(
      program,
      `if (process.argv[2] !== 'spare') require('node:fs').appendFileSync(${JSON.stringify(counter)}, '.'); process.exit(1);\n`,
    );
    // a loaded spare process would still run the original
    for (const { pid } of spares(clone.home)) kill(pid);

    const result = await clone.release();

    copyFileSync(original, program);
    expect(result.verdict).toMatch(
      /^✗ NOT LIVE\. Still serving .*its process died every time it was started/,
    );
    expect(result.deployment).toMatchObject({
      state: 'failed',
      errorCode: 'E_INTERRUPTED',
      fault: 'machine',
    });
    expect(readFileSync(counter, 'utf8')).toBe('....');
    await expectNextPushLive();
  });
});

/** Pushes, and returns when the deployment starts the phase. */
async function pushUntil(
  phase: PhaseName,
  change: Change,
): Promise<{ pushing: Promise<Pushed>; deployment: Deployment }> {
  const newest = clone.deployments().at(-1)?.id ?? 0;
  const pushing = clone.release(change);
  pushing.catch(() => undefined);
  return { pushing, deployment: await untilPhase(clone, newest, phase) };
}

async function expectUndone(deployment: Deployment, { verdict, commit }: Pushed): Promise<void> {
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

async function expectNextPushLive(): Promise<void> {
  const { commit } = expectLive(await clone.release());
  expect(await clone.serving()).toMatchObject({ commit });
}

function warnings({ id }: Deployment): string[] {
  const journal = clone.journal();
  const messages = journal
    .since(0, id)
    .flatMap(({ entry }) => (entry.type === 'warning' ? [entry.message] : []));
  journal.close();
  return messages;
}

function lock(): string {
  const packages = { '': { name: 'tiny', version: '1.0.0', hasInstallScript: true } };
  return JSON.stringify({ name: 'tiny', version: '1.0.0', lockfileVersion: 3, requires: true, packages });
}
