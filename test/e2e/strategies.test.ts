/**
 * In-place and rolling over a pool of four, from the command to live under the eyes of users, after one another and
 * after blue/green: nobody loses a request, but for the maintenance page in-place.
 */
import { servingSlots } from '../../deploy/core/traffic-table';
import type { Deployment } from '../../deploy/core/deployment';
import type { Plan } from '../../deploy/core/plan';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import { deployerStatus } from '../../deploy/runtimes/pm2/deployer';
import { incidents, kill, lastEvent } from '../support/crash';
import { docker } from '../support/compose';
import { expectDone, expectLive } from '../support/expect-live';
import { startLoad, type Failure, type Load, type LoadRequest, type LoadResult } from '../support/load';
import { freePorts } from '../support/ports';
import { forEachRuntime } from '../support/runtimes';
import { tinyClone, type Change, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(180_000);

const VERSION: LoadRequest = { method: 'GET', path: '/version' };
const POOL = ['amber', 'blue', 'green', 'violet'];

let clone: TinyClone;
let load: Load | undefined;
let version = 1;

forEachRuntime((runtime) => {
  beforeAll(async () => {
    const [amber, violet] = (await freePorts(2)) as [number, number];
    clone = await tinyClone({
      runtime,
      slots: { amber, violet },
      bake: { seconds: 0 },
      rolling: { batch: 2, minHealthy: 2 },
      compose: { memory: '128m', cpus: 0.5 },
    });
    expectDone(await clone.start());
  });
  afterEach(() => load?.stop());
  afterAll(() => clone.cleanUp());

  describe('rolling', () => {
    it('spreads the first release over the whole pool, and the next over it part by part, old and new side by side', async () => {
      const first = await underLoad(() => deploy('rolling'));
      expect(expectDone(first.result).deployment).toMatchObject({ state: 'succeeded', strategy: 'rolling' });
      expect(serving()).toEqual(POOL);

      const second = await underLoad(() => deploy('rolling'));
      expectLive(second.result);
      for (const { seen } of [first, second]) {
        expect(seen.failed.slice(0, 3)).toEqual([]);
        expect(Object.keys(seen.versions)).toHaveLength(2);
      }
      const running = await clone.slots();
      expect(running.map(({ slot }) => slot)).toEqual(POOL);
      expect(new Set(running.map(({ commit }) => commit)).size).toBe(1);
      if (runtime === 'compose') expectLimits((await clone.state()).containers);
    });

    it('puts back all that it replaced when the release fails in the last slot alone', async () => {
      const before = await atRest();
      // it stands in for all others, and is replaced last
      const ill = clone.table().active as string;

      const { result, seen } = await underLoad(() => deploy('rolling', {}, ill));

      expect(result).toMatchObject({
        code: 1,
        deployment: { state: 'rolled-back', errorCode: 'E_WRONG_PROCESS' },
      });
      expect(result.deployment.cause).toContain(`The health answer in ${ill} names commit ccccccc`);
      expect(Object.keys(seen.versions)).toHaveLength(2);
      expect(seen.failed.slice(0, 3)).toEqual([]);
      expect(await atRest()).toEqual(before);
    });

    // the rest is decided before a runtime is asked, or the deployer's, who asks both alike
    if (runtime === 'compose') return;

    it("with onFailure 'hold' puts back the slot that failed alone, and waits: abort gives all back, promote tries it again", async () => {
      const before = await atRest();
      const config = { rolling: { batch: 2, minHealthy: 2, onFailure: 'hold' } } as const;
      clone.change({ config, manifest: { version: '1.99.0' } });
      const commit = await clone.commit('ill in one slot');
      const inTurn = await slotsInTurn();
      const [first, ill] = [inTurn.slice(0, 2).sort(), inTurn[2] as string];
      clone.order(commit, `mistaken in ${ill}`);

      const { seen } = await underLoad(async () => {
        await expectHeld(commit, first);
        expectDone(await clone.switchyard('abort'));
        expect(await atRest()).toEqual(before);

        await expectHeld(commit, first);
        clone.order(commit, null);
        const promoted = await clone.switchyard('promote');
        expectLive(promoted);
        expect(await slotsWith(commit)).toEqual(POOL);
        expect(clone.deployments().at(-1)).toMatchObject({ state: 'succeeded', commit });
      });
      expect(seen.failed.slice(0, 3)).toEqual([]);
    });

    it('has each slot started again that dies or hangs, two at once too, and nobody loses a request', async () => {
      const others = serving().filter((slot) => slot !== clone.table().active);
      const [killed, ...hung] = others as [string, ...string[]];
      expect(hung).toHaveLength(2);
      const pids = new Map((await clone.slots()).map(({ slot, pid }) => [slot, pid]));
      const told = lastEvent(clone);

      const { seen } = await underLoad(async () => {
        for (const name of hung) kill(pids.get(name), 'SIGSTOP');
        kill(pids.get(killed));
        for (const name of others)
          await until(`another process in ${name}`, async () => {
            const { pid, status } = await clone.slot(name);
            return status === 'online' && pid !== pids.get(name);
          });
      });

      expect(seen.failed.slice(0, 3)).toEqual([]);
      const restarts = (): string[] =>
        incidents(clone, told).filter((each) => each.startsWith(`${killed} exited and was started again`));
      // the watch reports a restart at its next look
      await until('the journal to report the restart', () => restarts().length > 0);
      expect(restarts()).toHaveLength(1);
      const news = incidents(clone, told);
      for (const name of hung) {
        const killed = `${name} hangs: its process ${pids.get(name)} is killed and started again`;
        expect(news.filter((each) => each.startsWith(killed))).toHaveLength(1);
      }
      // other slots serve the users of one that hangs until it answers again
      await until('all slots to serve', () => serving().join() === POOL.join());
      expect(await faults()).toEqual([]);
    });

    it("has all its slots looked after again when PM2's daemon is killed, and nobody loses a request", async () => {
      const { commit } = await clone.serving();

      const { seen } = await underLoad(async () => {
        kill(pm2Daemons(clone.home)[0]?.pid);
        await until('slots and a deployer that PM2 looks after', async () => {
          const slots = await clone.slots();
          const deployer = await deployerStatus({ home: clone.home });
          return (
            deployer?.orphan === false && slots.length === POOL.length && slots.every(({ orphan }) => !orphan)
          );
        });
        await until('no deployment', () =>
          clone.deployments().every(({ finishedAt }) => finishedAt !== null),
        );
      });

      expect(seen.failed.slice(0, 3)).toEqual([]);
      expect(clone.deployments().at(-1)).toMatchObject({ kind: 'restore', commit, state: 'succeeded' });
      expect(serving()).toEqual(POOL);
      expect(await faults()).toEqual([]);
    });

    it('with all slots live, is followed by the others in any order', async () => {
      for (const [strategy, slots] of [
        ['blue-green', 1],
        ['rolling', 4],
        ['in-place', 1],
      ] as const) {
        const { result, seen } = await underLoad(() => deploy(strategy));
        expect(expectDone(result).deployment).toMatchObject({ state: 'succeeded', strategy });
        expect(serving()).toHaveLength(slots);
        expect(Object.keys(seen.versions)).toHaveLength(2);
        expect(seen.failed.filter((each) => strategy !== 'in-place' || !isThePage(each)).slice(0, 3)).toEqual(
          [],
        );
      }
      expect((await clone.slots()).map(({ slot }) => slot)).toEqual([clone.table().active]);
    });

    async function expectHeld(commit: string, slots: string[]): Promise<void> {
      const said = await clone.switchyard('deploy', '--strategy', 'rolling');
      expect(said).toMatchObject({ code: 1 });
      const held = clone.deployments().at(-1);
      expect(held).toMatchObject({
        state: 'holding',
        cause: expect.stringContaining('names commit ccccccc'),
      });
      expect(await slotsWith(commit)).toEqual(slots);
      const status = (await clone.switchyard('status')).text;
      for (const slot of POOL) expect(status).toMatch(new RegExp(`^${slot} +:\\d+ +serving 25 % +v`, 'm'));
    }

    async function slotsInTurn(): Promise<string[]> {
      const said = await clone.switchyard('deploy', '--plan', '--strategy', 'rolling', '--json');
      const { plan } = JSON.parse(said.text) as { plan: Plan };
      return plan.flatMap(({ step }) => (step.do === 'start' ? [step.slot] : []));
    }

    async function slotsWith(commit: string): Promise<string[]> {
      return (await clone.slots()).filter((each) => each.commit === commit).map(({ slot }) => slot);
    }
  });

  describe('in-place', () => {
    it('shows the page and nothing else while it is down, and says for how long that was', async () => {
      clone.write('page.html', '<p>Gone fishing</p>');
      const config = { maintenance: { page: 'page.html' } };
      const { result, seen } = await underLoad(() => deploy('in-place', { config }));

      expect(result.text).toMatch(/✓ LIVE in .*, down for [\d.]+ m?s$/m);
      expect(result.text).toMatch(/down for .*: [\d,]+ requests got the maintenance page/);
      const { downMs, failed } = result.deployment;
      expect(seen.failures).toBeGreaterThan(0);
      expect(seen.failed.filter((each) => !isThePage(each) || !each.detail.includes('Gone fishing'))).toEqual(
        [],
      );
      expect(Object.keys(seen.versions)).toHaveLength(2);
      // as users have seen it: from the first page's arrival to the question that the last one answers; the load
      // keeps the first thousand
      expect(seen.failures).toBe(seen.failed.length);
      const arrived = Math.min(...seen.failed.map(({ at, ms }) => at + ms));
      const asked = Math.max(...seen.failed.map(({ at }) => at));
      const { startedAt, liveAt } = result.deployment;
      // nginx and the load each round to a millisecond
      expect(downMs).toBeGreaterThanOrEqual(asked - arrived - 2);
      expect(downMs).toBeLessThanOrEqual((liveAt as number) - (startedAt as number));
      expect(failed).toBe(0);
      expect(serving()).toEqual([clone.table().active]);
    });

    // under PM2 failures.test.ts tells that, for every failure
    if (runtime === 'pm2') return;

    it('starts the old release again when the new one fails', async () => {
      const before = await atRest();
      const { result, seen } = await underLoad(() => deploy('in-place', { behaviour: { exits: true } }));
      expect(result).toMatchObject({ code: 1, deployment: { state: 'failed', errorCode: 'E_EXITED' } });
      expect(seen.failed.filter((each) => !isThePage(each))).toEqual([]);
      expect(await atRest()).toEqual(before);
    });
  });

  // told by the table and the configuration alone
  if (runtime === 'compose') return;

  describe('a plan', () => {
    it('is shown, and nothing is changed', async () => {
      const before = await clone.state();
      const count = clone.deployments().length;
      const said = await clone.switchyard('deploy', '--plan', '--strategy', 'rolling');
      expectDone(said);
      expect(said.text).toMatch(/^rolling, [0-9a-f]{7}:\n {2}1 {2}start .* undo: stop /);
      const json = JSON.parse((await clone.switchyard('deploy', '--plan', '--json')).text) as object;
      expect(json).toMatchObject({ strategy: 'blue-green', plan: expect.any(Array) });
      expect(await clone.state()).toEqual(before);
      expect(clone.deployments()).toHaveLength(count);
    });

    it('names the nearest strategy for one that there is not', async () => {
      const said = await clone.switchyard('deploy', '--strategy', 'roling');
      expect(said.code).toBe(1);
      expect(said.text).toContain('Did you mean rolling?');
    });
  });

  it('a pool that is made smaller serves from the slots that are left', async () => {
    expectDone(await deploy('rolling'));
    const { commit } = await clone.serving();
    expect(serving()).toEqual(POOL);

    expectDone(await clone.switchyard('stop'));
    clone.change({ config: { slots: {} } });
    const started = await clone.start();

    expectDone(started);
    expect(started.text).toContain('is live on ');
    expect(serving()).toEqual(['blue', 'green']);
    expect((await clone.slots()).map((each) => each.slot)).toEqual(['blue', 'green']);
    expect(await clone.serving()).toMatchObject({ commit });
    expect(await faults()).toEqual([]);
  });
});

/** Commits it, and makes it live as a person would say it. @param ill the slot in which it names another commit */
async function deploy(
  strategy: string,
  change: Change = {},
  ill?: string,
): Promise<{ text: string; code: number; deployment: Deployment }> {
  version += 1;
  clone.change({ ...change, manifest: { version: `1.${version}.0` } });
  const commit = await clone.commit(`version ${version}`);
  if (ill !== undefined) clone.order(commit, `mistaken in ${ill}`);
  const said = await clone.switchyard('deploy', '--strategy', strategy);
  clone.order(commit, null);
  return { ...said, deployment: clone.deployments().at(-1) as Deployment };
}

async function underLoad<T>(does: () => Promise<T>): Promise<{ result: T; seen: LoadResult }> {
  load = startLoad({ port: clone.ports.http, connections: 8, slow: null, pauseMs: 60, mix: [VERSION] });
  await load.more(20);
  const result = await does();
  await load.more(50);
  return { result, seen: await load.stop() };
}

/** What a failure must leave as it was, but for the processes that are started again. */
async function atRest(): Promise<object> {
  const { serving, ...rest } = await clone.state();
  return { ...rest, commit: serving.commit };
}

function serving(): string[] {
  return servingSlots(clone.table()).sort();
}

async function faults(): Promise<object[]> {
  const { text } = await clone.switchyard('doctor', '--json');
  return (JSON.parse(text) as { findings: { status: string }[] }).findings.filter(
    ({ status }) => status === 'fault',
  );
}

/** What users get while a slot is replaced in its place, and nothing else. */
function isThePage({ status, retryAfter }: Failure): boolean {
  return status === 503 && Number(retryAfter) > 0;
}

/** Every container of the pool has them, those of slots too that have no file of their own. */
function expectLimits(containers: string[]): void {
  const limits = containers.map((name) =>
    docker('inspect', '--format', '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}', name),
  );
  expect(limits).toEqual(POOL.map(() => `${128 * 1024 ** 2} ${0.5 * 1e9}`));
}
