/** The whole machine loses its power: the live release is restored and nothing half-made stays. */
import { badCause } from '../../deploy/core/rollback-target';
import type { Deployment } from '../../deploy/core/deployment';
import type { PhaseName } from '../../deploy/core/event';
import type { Commit } from '../../deploy/core/release';
import {
  allProcessesOf,
  incidents,
  kill,
  killEverything,
  lastEvent,
  untilOver,
  untilPhase,
} from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { ownEngine, ownEnginePossible, type OwnEngine } from '../support/own-engine';
import { forEachRuntime } from '../support/runtimes';
import { tinyClone, type Change, type Pushed, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

let clone: TinyClone;
let engine: OwnEngine | null;

forEachRuntime((runtime) => {
  beforeAll(async () => {
    engine = runtime === 'compose' ? await ownEngine() : null;
    clone = await tinyClone({ runtime, bake: { seconds: 0 } }, engine?.env);
    expectDone(await clone.start());
    expectLive(await clone.release());
  });
  afterAll(async () => {
    try {
      await clone.cleanUp();
    } finally {
      await engine?.cleanUp();
    }
  });

  describe('after a power loss of the whole machine', () => {
    it('npm start restores the live release', async () => {
      const { commit } = await clone.serving();
      const { active } = clone.table();

      await losePower();

      expect(allProcessesOf(clone.home)).toEqual([]);
      await powerUp();
      expectDone(await clone.start());
      expect(await clone.serving()).toMatchObject({ commit });
      expect(clone.table()).toMatchObject({ active });
      await expectNextPushLive();
    });

    const [early, unfinished]: [PhaseName, Change] =
      runtime === 'pm2'
        ? ['test', { config: { app: { test: ['node', 'app/hang.js'] } } }]
        : ['start', { behaviour: { silent: true } }];

    it.each<[PhaseName, Change]>([
      [early, unfinished],
      ['verify-live', { behaviour: { lateThroughNginxMs: 4000 } }],
    ])(
      'npm start restores the previous release when the power failed in the phase %s of a deployment',
      async (phase, change) => {
        const { commit } = await clone.serving();
        const { files, images } = await clone.state();
        const newest = clone.deployments().at(-1)?.id ?? 0;
        const pushing = clone.release(change);
        const { id } = await untilPhase(clone, newest, phase);

        await losePower();

        await pushing;
        await powerUp();
        expectDone(await clone.start());
        expect(await clone.serving()).toMatchObject({ commit });
        expect(clone.deployments().find((each) => each.id === id)).toMatchObject({
          state: 'interrupted',
          fault: 'machine',
        });
        expect(await clone.state()).toMatchObject({ files, images });
        await expectNextPushLive();
      },
    );

    it('npm start restores the new release when the power failed in its bake', async () => {
      const newest = clone.deployments().at(-1)?.id ?? 0;
      const pushing = clone.release({ config: { bake: { seconds: 5 } } });
      const { id, commit } = await untilPhase(clone, newest, 'bake');

      await losePower();

      await pushing;
      await powerUp();
      expectDone(await clone.start());
      expect(await clone.serving()).toMatchObject({ commit });
      // containers start with the machine, so their bake continues
      expect(await untilOver(clone, id)).toMatchObject({ state: 'succeeded' });
      await expectNextPushLive();
    });
  });

  if (runtime === 'compose') {
    describe("when only Docker's engine dies", () => {
      const BAKES: Change = { config: { bake: { seconds: 3 } } };
      /** Long enough for a start on a busy machine. */
      const SHORT_START_LIMIT: Change = { config: { bake: { seconds: 3 }, limits: { start: 6 } } };

      it.each([
        ['still runs', false],
        ['has died in between', true],
      ])('a bake continues once the engine is back, with a release that %s', async (_which, dies) => {
        const { id, to, pushing } = await pushUntil('bake', { config: { bake: { seconds: 4 } } });
        const pid = await pidOf(to);

        await engine?.die();
        await untilWarned(id, "Docker's engine does not answer");
        // nothing restarts this process until the engine is back
        if (dies) kill(pid);
        await engine?.start();

        const { commit } = expectLive(await pushing);
        expect(await untilOver(clone, id)).toMatchObject({ state: 'succeeded', fault: null });
        expect(await pidOf(to)).not.toBe(pid);
        await untilWarned(id, 'the engine answers again');
        expect(await clone.serving()).toMatchObject({ commit });
      });

      it('containers keep serving and baking, and other deployments are refused until the engine is back', async () => {
        const { id, pushing } = await pushUntil('bake', BAKES);
        const before = lastEvent(clone);
        const reported = (line: string): Promise<true> =>
          until(
            () => `"${line}" in ${JSON.stringify(incidents(clone, before))}`,
            () => incidents(clone, before).some((incident) => incident.startsWith(line)) || null,
          );

        await engine?.die();

        const { commit } = expectLive(await pushing);
        expect(await untilOver(clone, id)).toMatchObject({ state: 'succeeded', fault: null });
        // reported by the watch, although pruning also notices the missing engine
        await reported("Docker's engine does not answer");
        const refused = await clone.release();
        expect(refused.verdict).toMatch(/^✗ NOT LIVE\. Still serving /);
        expect(refused.deployment).toMatchObject({ errorCode: 'E_ENGINE', fault: 'machine' });
        expect(await clone.serving()).toMatchObject({ commit });

        await engine?.start();

        await reported('the engine answers again');
        await untilLive(commit);
      });

      it('a release that does not return in time is rolled back as a fault of the machine', async () => {
        const before = await clone.serving();
        const { id, to, pushing } = await pushUntil('bake', SHORT_START_LIMIT);
        const pid = await pidOf(to);

        await engine?.die();
        kill(pid);

        const { verdict, commit } = await pushing;
        expect(verdict).toMatch(
          /^✗ NOT LIVE\. Still serving .*: (blue|green) has not answered for 6 s: Docker's engine has not come back\.$/,
        );
        const over = await untilOver(clone, id);
        expect(over).toMatchObject({ state: 'rolled-back', errorCode: 'E_ENGINE', fault: 'machine' });
        expect(badCause(clone.deployments(), commit)).toBeNull();
        expect(await clone.serving()).toMatchObject(before);
        await engine?.start();
        await untilLive(before.commit);
      });

      it('a held release that keeps running is promoted once the engine is back', async () => {
        const { id, commit, to } = await hold();
        const pid = await pidOf(to);

        await engine?.die();
        await untilWarned(id, "Docker's engine does not answer");
        const promoting = clone.switchyard('promote');
        await until('the promotion', () => clone.deployments().at(-1)?.request === 'promote');
        await engine?.start('--live-restore');

        expectDone(await promoting);
        await untilWarned(id, 'the engine answers again');
        expect(await clone.serving()).toMatchObject({ commit });
        expect(await pidOf(to)).toBe(pid);
      });

      it('a held release that is restarted with the engine fails as a fault of the machine', async () => {
        const before = await clone.serving();
        const { slots, files, images } = await clone.state();
        const { id, commit } = await hold();

        await engine?.die();
        await untilWarned(id, "Docker's engine does not answer");
        await engine?.start();

        const over = await untilOver(clone, id);
        expect(over).toMatchObject({ state: 'failed', errorCode: 'E_ENGINE', fault: 'machine' });
        expect(over.cause).toMatch(
          /^The held process in (blue|green) stopped when Docker's engine went down\.$/,
        );
        expect(badCause(clone.deployments(), commit)).toBeNull();
        await untilLive(before.commit);
        expect(await clone.state()).toMatchObject({ slots, files, images });
        await expectNextPushLive();
      });

      it('a release still goes live when the engine dies before verify-live', async () => {
        const { id, to, pushing } = await pushUntil('verify-live', {
          behaviour: { lateThroughNginxMs: 1500 },
        });
        const pid = await pidOf(to);

        await engine?.die();
        kill(pid);
        await untilWarned(id, "Docker's engine does not answer");
        await engine?.start();

        const { commit } = expectLive(await pushing);
        expect(await clone.serving()).toMatchObject({ commit });
        await expectNextPushLive();
      });
    });
  }
}, ownEnginePossible);

/** Kills everything at the same time: the engine is frozen first, so it restarts nothing. */
async function losePower(): Promise<void> {
  engine?.freeze();
  killEverything(clone.home);
  await engine?.kill();
}

/** The engine starts with the machine; everything else waits for npm start. */
async function powerUp(): Promise<void> {
  await engine?.start();
}

interface Pushing {
  id: number;
  to: string;
  pushing: Promise<Pushed>;
}

/** Pushes and returns when the deployment reaches this phase. */
async function pushUntil(phase: PhaseName, change: Change): Promise<Pushing> {
  const newest = clone.deployments().at(-1)?.id ?? 0;
  const pushing = clone.release(change);
  const { id, to } = await untilPhase(clone, newest, phase);
  return { id, to: to?.slot as string, pushing };
}

/** Deploys and holds a release. Returns it with its slot. */
async function hold(): Promise<{ id: number; commit: Commit; to: string }> {
  clone.change({});
  const commit = await clone.commit('to be held');
  expectDone(await clone.switchyard('deploy', '--hold'));
  const { id, to } = clone.deployments().at(-1) as Deployment;
  return { id, commit, to: to?.slot as string };
}

async function pidOf(slot: string): Promise<number> {
  return (await clone.slot(slot)).pid as number;
}

/** Waits for a warning in the deployment's own log. */
async function untilWarned(id: number, line: string): Promise<void> {
  const journal = clone.journal();
  await until(line, () =>
    journal.since(0, id).some(({ entry }) => entry.type === 'warning' && entry.message.includes(line)),
  ).finally(() => journal.close());
}

async function untilLive(commit: Commit): Promise<void> {
  await until('the release to be live', () =>
    clone.serving().then(
      (now) => now.commit === commit,
      () => false,
    ),
  );
}

async function expectNextPushLive(): Promise<void> {
  const { commit } = expectLive(await clone.release());
  expect(await clone.serving()).toMatchObject({ commit });
}
