/** The whole machine goes down, as when it loses its power: what was live serves again, what was half-made is gone. */
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

  describe('the whole machine', () => {
    it('comes back as it was with npm start', async () => {
      const { commit } = await clone.serving();
      const { active } = clone.table();

      await losePower();

      expect(allProcessesOf(clone.home)).toEqual([]);
      await powerUp();
      expectDone(await clone.start());
      expect(await clone.serving()).toMatchObject({ commit });
      expect(clone.table()).toMatchObject({ active });
      await expectNextPushToWork();
    });

    const [early, unfinished]: [PhaseName, Change] =
      runtime === 'pm2'
        ? ['test', { config: { app: { test: ['node', 'app/hang.js'] } } }]
        : ['start', { behaviour: { silent: true } }];

    it.each<[PhaseName, Change]>([
      [early, unfinished],
      ['verify-live', { behaviour: { lateThroughNginxMs: 4000 } }],
    ])(
      'comes back with what was live when it died in the phase %s of a deployment',
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
        await expectNextPushToWork();
      },
    );

    it('comes back with the new release when it died in its bake', async () => {
      const newest = clone.deployments().at(-1)?.id ?? 0;
      const pushing = clone.release({ config: { bake: { seconds: 5 } } });
      const { id, commit } = await untilPhase(clone, newest, 'bake');

      await losePower();

      await pushing;
      await powerUp();
      expectDone(await clone.start());
      expect(await clone.serving()).toMatchObject({ commit });
      // containers came back with the machine, so their bake goes on
      expect(await untilOver(clone, id)).toMatchObject({ state: 'succeeded' });
      await expectNextPushToWork();
    });
  });

  if (runtime === 'compose') {
    describe('the engine alone', () => {
      const BAKES: Change = { config: { bake: { seconds: 3 } } };
      /** Long enough for a start on a busy machine. */
      const IMPATIENT: Change = { config: { bake: { seconds: 3 }, limits: { start: 6 } } };

      it.each([
        ['lives', false],
        ['has died meanwhile', true],
      ])('may die in a bake: it goes on when it returns to a release that %s', async (_which, dies) => {
        const { id, to, pushing } = await pushUntil('bake', { config: { bake: { seconds: 4 } } });
        const pid = await pidOf(to);

        await engine?.die();
        await untilWarned(id, "Docker's engine does not answer");
        // nobody starts it but the engine that comes back
        if (dies) kill(pid);
        await engine?.start();

        const { commit } = expectLive(await pushing);
        expect(await untilOver(clone, id)).toMatchObject({ state: 'succeeded', fault: null });
        expect(await pidOf(to)).not.toBe(pid);
        await untilWarned(id, 'the engine answers again');
        expect(await clone.serving()).toMatchObject({ commit });
      });

      it('may die: its containers serve on and bake on, nothing else is deployed, and all is well when it is back', async () => {
        const { id, pushing } = await pushUntil('bake', BAKES);
        const seen = lastEvent(clone);
        const told = (line: string): Promise<true> =>
          until(
            () => `"${line}" in ${JSON.stringify(incidents(clone, seen))}`,
            () => incidents(clone, seen).some((incident) => incident.startsWith(line)) || null,
          );

        await engine?.die();

        const { commit } = expectLive(await pushing);
        expect(await untilOver(clone, id)).toMatchObject({ state: 'succeeded', fault: null });
        // by the watch: the pruning after the release misses the engine too
        await told("Docker's engine does not answer");
        const refused = await clone.release();
        expect(refused.verdict).toMatch(/^✗ NOT LIVE\. Still serving /);
        expect(refused.deployment).toMatchObject({ errorCode: 'E_ENGINE', fault: 'machine' });
        expect(await clone.serving()).toMatchObject({ commit });

        await engine?.start();

        await told('the engine answers again');
        await untilServed(commit);
      });

      it('takes the release with it that does not come back in time: by no fault of the commit', async () => {
        const before = await clone.serving();
        const { id, to, pushing } = await pushUntil('bake', IMPATIENT);
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
        await untilServed(before.commit);
      });

      it('may die while a release is held: what lived on is what was tried, and is promoted when it is back', async () => {
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

      it('may end what is held: it is not what was tried any more, by no fault of the commit', async () => {
        const before = await clone.serving();
        const { slots, files, images } = await clone.state();
        const { id, commit } = await hold();

        await engine?.die();
        await untilWarned(id, "Docker's engine does not answer");
        await engine?.start();

        const over = await untilOver(clone, id);
        expect(over).toMatchObject({ state: 'failed', errorCode: 'E_ENGINE', fault: 'machine' });
        expect(over.cause).toMatch(
          /^The process that was tried in (blue|green) went down with Docker's engine\.$/,
        );
        expect(badCause(clone.deployments(), commit)).toBeNull();
        await untilServed(before.commit);
        expect(await clone.state()).toMatchObject({ slots, files, images });
        await expectNextPushToWork();
      });

      it('may die before the release was asked for through nginx', async () => {
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
        await expectNextPushToWork();
      });
    });
  }
}, ownEnginePossible);

/** All at once: nobody sees the engine go, and it starts nothing again. */
async function losePower(): Promise<void> {
  engine?.freeze();
  killEverything(clone.home);
  await engine?.kill();
}

/** The engine is the machine's own and comes with it; everything else waits for npm start. */
async function powerUp(): Promise<void> {
  await engine?.start();
}

interface Pushing {
  id: number;
  to: string;
  pushing: Promise<Pushed>;
}

/** A push whose deployment has come to this phase. */
async function pushUntil(phase: PhaseName, change: Change): Promise<Pushing> {
  const newest = clone.deployments().at(-1)?.id ?? 0;
  const pushing = clone.release(change);
  const { id, to } = await untilPhase(clone, newest, phase);
  return { id, to: to?.slot as string, pushing };
}

/** A release that waits for a person, in the slot that it is tried in. */
async function hold(): Promise<{ id: number; commit: Commit; to: string }> {
  clone.change({});
  const commit = await clone.commit('to be tried');
  expectDone(await clone.switchyard('deploy', '--hold'));
  const { id, to } = clone.deployments().at(-1) as Deployment;
  return { id, commit, to: to?.slot as string };
}

async function pidOf(slot: string): Promise<number> {
  return (await clone.slot(slot)).pid as number;
}

/** What the deployment's own terminal shows. */
async function untilWarned(id: number, line: string): Promise<void> {
  const journal = clone.journal();
  await until(line, () =>
    journal.since(0, id).some(({ entry }) => entry.type === 'warning' && entry.message.includes(line)),
  ).finally(() => journal.close());
}

async function untilServed(commit: Commit): Promise<void> {
  await until('its release', () =>
    clone.serving().then(
      (now) => now.commit === commit,
      () => false,
    ),
  );
}

async function expectNextPushToWork(): Promise<void> {
  const { commit } = expectLive(await clone.release());
  expect(await clone.serving()).toMatchObject({ commit });
}
