/** The whole machine goes down, as when it loses its power: what was live serves again, what was half-made is gone. */
import type { PhaseName } from '../../deploy/core/types';
import { everythingOf, incidents, killEverything, lastEvent, untilOver, untilPhase } from '../support/crash';
import { ownEngine, ownEnginePossible, type OwnEngine } from '../support/own-engine';
import { overRuntimes } from '../support/runtimes';
import { tinyClone, type Change, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

let clone: TinyClone;
let engine: OwnEngine | null;

overRuntimes((runtime) => {
  beforeAll(async () => {
    engine = runtime === 'compose' ? await ownEngine() : null;
    clone = await tinyClone({ runtime, bake: { seconds: 0 } }, engine?.env);
    expect(await clone.start()).toMatchObject({ code: 0 });
    expect((await clone.release()).verdict).toMatch(/^✓ LIVE/);
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

      expect(everythingOf(clone.home)).toEqual([]);
      await powerUp();
      expect(await clone.start()).toMatchObject({ code: 0 });
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
        expect(await clone.start()).toMatchObject({ code: 0 });
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
      expect(await clone.start()).toMatchObject({ code: 0 });
      expect(await clone.serving()).toMatchObject({ commit });
      // containers came back with the machine, so their bake goes on
      expect(await untilOver(clone, id)).toMatchObject({ state: 'succeeded' });
      await expectNextPushToWork();
    });
  });

  if (runtime === 'compose') {
    it('the engine alone may die: its containers serve on, nothing is deployed, and all is well when it is back', async () => {
      const { commit } = await clone.serving();
      const seen = lastEvent(clone);
      const told = (line: string): Promise<true> =>
        until(line, () => incidents(clone, seen).some((incident) => incident.includes(line)) || null);

      await engine?.die();

      await told('engine does not answer');
      expect(await clone.serving()).toMatchObject({ commit });
      const refused = await clone.release();
      expect(refused.verdict).toMatch(/^✗ NOT LIVE\. Still serving /);
      expect(refused.deployment).toMatchObject({ errorCode: 'E_ENGINE', fault: 'machine' });
      expect(await clone.serving()).toMatchObject({ commit });

      await engine?.start();

      await told('engine answers again');
      await until('its release', () =>
        clone.serving().then(
          (now) => now.commit === commit,
          () => false,
        ),
      );
      await expectNextPushToWork();
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

async function expectNextPushToWork(): Promise<void> {
  const { verdict, commit } = await clone.release();
  expect(verdict).toMatch(/^✓ LIVE in /);
  expect(await clone.serving()).toMatchObject({ commit });
}
