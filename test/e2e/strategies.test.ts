/**
 * In-place and rolling in a pool of four slots under load, in sequence and after blue/green: no request fails, except
 * for the maintenance page of in-place.
 */
import { servingSlots } from '../../deploy/core/traffic-table';
import type { Deployment } from '../../deploy/core/deployment';
import type { Plan } from '../../deploy/core/plan';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import { deployerStatus } from '../../deploy/runtimes/pm2/deployer';
import { incidents, kill, lastEvent } from '../support/crash';
import { docker } from '../support/compose';
import { linkTable } from '../../deploy/traffic/table-folder';
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
    it('deploys the first release to the whole pool, and replaces it slot by slot with the next one', async () => {
      const first = await underLoad(() => deploy('rolling'));
      expect(expectDone(first.result).deployment).toMatchObject({ state: 'succeeded', strategy: 'rolling' });
      expect(serving()).toEqual(POOL);
      expect(await isToldApart()).toBe(false);

      const second = await underLoad(() => deploy('rolling'));
      expectLive(second.result);
      expect(await isToldApart()).toBe(false);
      for (const { counts } of [first, second]) {
        expect(counts.failed.slice(0, 3)).toEqual([]);
        expect(Object.keys(counts.versions)).toHaveLength(2);
      }
      const running = await clone.slots();
      expect(running.map(({ slot }) => slot)).toEqual(POOL);
      expect(new Set(running.map(({ commit }) => commit)).size).toBe(1);
      if (runtime === 'compose') expectLimits((await clone.state()).containers);
    });

    it('is rolled back slot by slot, whatever is configured, and all slots keep serving', async () => {
      const rollback = await underLoad(async () => {
        const result = await clone.switchyard('rollback');
        return { ...result, deployment: clone.deployments().at(-1) as Deployment };
      });

      expect(expectDone(rollback.result).deployment).toMatchObject({ kind: 'rollback', strategy: 'rolling' });
      expect(rollback.counts.failed.slice(0, 3)).toEqual([]);
      expect(serving()).toEqual(POOL);

      const { text } = await clone.switchyard('rollback', '--plan', '--strategy', 'blue-green');
      expect(text).toMatch(/^blue-green, /);
      expect((await clone.switchyard('rollback', '--strategy', 'blue-gren')).text).toContain(
        'Did you mean blue-green?',
      );
      expectLive(await deploy('rolling'));
    });

    it('restores every replaced slot when the release fails only in the last one', async () => {
      const before = await atRest();
      // the active slot is replaced last
      const badSlot = clone.table().active as string;

      const { result, counts } = await underLoad(() => deploy('rolling', {}, badSlot));

      expect(result).toMatchObject({
        code: 1,
        deployment: { state: 'rolled-back', errorCode: 'E_WRONG_PROCESS' },
      });
      expect(result.deployment.cause).toContain(`The health answer in ${badSlot} names commit ccccccc`);
      expect(Object.keys(counts.versions)).toHaveLength(2);
      expect(counts.failed.slice(0, 3)).toEqual([]);
      expect(await atRest()).toEqual(before);
    });

    // the rest does not depend on the runtime
    if (runtime === 'compose') return;

    it("with onFailure 'hold' restores only the failed slot and waits: abort restores all slots, promote tries again", async () => {
      const before = await atRest();
      const config = { rolling: { batch: 2, minHealthy: 2, onFailure: 'hold' } } as const;
      clone.change({ config, manifest: { version: '1.99.0' } });
      const commit = await clone.commit('bad in one slot');
      const inOrder = await slotsInOrder();
      const [first, badSlot] = [inOrder.slice(0, 2).sort(), inOrder[2] as string];
      clone.order(commit, `mistaken in ${badSlot}`);

      const { counts } = await underLoad(async () => {
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
      expect(counts.failed.slice(0, 3)).toEqual([]);
    });

    it('restarts every slot that dies or hangs, even several at the same time, without losing a request', async () => {
      const others = serving().filter((slot) => slot !== clone.table().active);
      const [killed, ...hung] = others as [string, ...string[]];
      expect(hung).toHaveLength(2);
      const pids = new Map((await clone.slots()).map(({ slot, pid }) => [slot, pid]));
      const before = lastEvent(clone);

      const { counts } = await underLoad(async () => {
        for (const name of hung) kill(pids.get(name), 'SIGSTOP');
        kill(pids.get(killed));
        for (const name of others)
          await until(`another process in ${name}`, async () => {
            const { pid, status } = await clone.slot(name);
            return status === 'online' && pid !== pids.get(name);
          });
      });

      expect(counts.failed.slice(0, 3)).toEqual([]);
      const restarts = (): string[] =>
        incidents(clone, before).filter((each) => each.startsWith(`${killed} exited and was started again`));
      // the watch reports a restart at its next probe
      await until('the journal to report the restart', () => restarts().length > 0);
      expect(restarts()).toHaveLength(1);
      const news = incidents(clone, before);
      for (const name of hung) {
        const killed = `${name} hangs: its process ${pids.get(name)} is killed and started again`;
        expect(news.filter((each) => each.startsWith(killed))).toHaveLength(1);
      }
      // other slots serve the users of one that hangs until it answers again
      await until('all slots to serve', () => serving().join() === POOL.join());
      await until('caches to be allowed again', async () => !(await isToldApart()));
      expect(await faults()).toEqual([]);
    });

    it('lets caches keep responses with the table of an older version, too', async () => {
      linkTable(clone.home, { ...clone.table(), uniform: false });
      expect(await isToldApart()).toBe(true);
      await until('caches to be allowed again', async () => !(await isToldApart()));
    });

    it('puts all slots under PM2 again after its daemon was killed, without losing a request', async () => {
      const { commit } = await clone.serving();

      const { counts } = await underLoad(async () => {
        kill(pm2Daemons(clone.home)[0]?.pid);
        await until('PM2 to manage the slots and the deployer', async () => {
          const slots = await clone.slots();
          const deployer = await deployerStatus({ home: clone.home });
          return (
            deployer?.orphan === false && slots.length === POOL.length && slots.every(({ orphan }) => !orphan)
          );
        });
        await until('no running deployment', () =>
          clone.deployments().every(({ finishedAt }) => finishedAt !== null),
        );
      });

      expect(counts.failed.slice(0, 3)).toEqual([]);
      expect(clone.deployments().at(-1)).toMatchObject({ kind: 'restore', commit, state: 'succeeded' });
      expect(serving()).toEqual(POOL);
      expect(await faults()).toEqual([]);
    });

    it('can be followed by the other strategies in any order while all slots are live', async () => {
      for (const [strategy, slots] of [
        ['blue-green', 1],
        ['rolling', 4],
        ['in-place', 1],
      ] as const) {
        const { result, counts } = await underLoad(() => deploy(strategy));
        expect(expectDone(result).deployment).toMatchObject({ state: 'succeeded', strategy });
        expect(serving()).toHaveLength(slots);
        expect(Object.keys(counts.versions)).toHaveLength(2);
        expect(
          counts.failed.filter((each) => strategy !== 'in-place' || !isThePage(each)).slice(0, 3),
        ).toEqual([]);
      }
      expect((await clone.slots()).map(({ slot }) => slot)).toEqual([clone.table().active]);
    });

    async function expectHeld(commit: string, slots: string[]): Promise<void> {
      const result = await clone.switchyard('deploy', '--strategy', 'rolling');
      expect(result).toMatchObject({ code: 1 });
      const held = clone.deployments().at(-1);
      expect(held).toMatchObject({
        state: 'holding',
        cause: expect.stringContaining('names commit ccccccc'),
      });
      expect(await slotsWith(commit)).toEqual(slots);
      const status = (await clone.switchyard('status')).text;
      for (const slot of POOL) expect(status).toMatch(new RegExp(`^${slot} +:\\d+ +serving 25 % +v`, 'm'));
      expect(await isToldApart()).toBe(true);
    }

    async function slotsInOrder(): Promise<string[]> {
      const result = await clone.switchyard('deploy', '--plan', '--strategy', 'rolling', '--json');
      const { plan } = JSON.parse(result.text) as { plan: Plan };
      return plan.flatMap(({ step }) => (step.do === 'start' ? [step.slot] : []));
    }

    async function slotsWith(commit: string): Promise<string[]> {
      return (await clone.slots()).filter((each) => each.commit === commit).map(({ slot }) => slot);
    }
  });

  describe('in-place', () => {
    it('answers only with the maintenance page while it is down, and reports the downtime', async () => {
      clone.write('page.html', '<p>Gone fishing</p>');
      const config = { maintenance: { page: 'page.html' } };
      const { result, counts } = await underLoad(() => deploy('in-place', { config }));

      expect(result.text).toMatch(/✓ LIVE in .*, down for [\d.]+ m?s$/m);
      expect(result.text).toMatch(/down for .*: [\d,]+ requests got the maintenance page/);
      const { downMs, failed } = result.deployment;
      expect(counts.failures).toBeGreaterThan(0);
      expect(
        counts.failed.filter((each) => !isThePage(each) || !each.detail.includes('Gone fishing')),
      ).toEqual([]);
      expect(Object.keys(counts.versions)).toHaveLength(2);
      // the downtime users saw, from the first page to the request of the last one; the load keeps 1,000 failures
      expect(counts.failures).toBe(counts.failed.length);
      const firstPageAt = Math.min(...counts.failed.map(({ at, ms }) => at + ms));
      const lastRequestAt = Math.max(...counts.failed.map(({ at }) => at));
      const { startedAt, liveAt } = result.deployment;
      // nginx and the load each round to a millisecond
      expect(downMs).toBeGreaterThanOrEqual(lastRequestAt - firstPageAt - 2);
      expect(downMs).toBeLessThanOrEqual((liveAt as number) - (startedAt as number));
      expect(failed).toBe(0);
      expect(serving()).toEqual([clone.table().active]);
    });

    // failures.test.ts covers every failure under PM2
    if (runtime === 'pm2') return;

    it('restarts the old release when the new one fails', async () => {
      const before = await atRest();
      const { result, counts } = await underLoad(() => deploy('in-place', { behaviour: { exits: true } }));
      expect(result).toMatchObject({ code: 1, deployment: { state: 'failed', errorCode: 'E_EXITED' } });
      expect(counts.failed.filter((each) => !isThePage(each))).toEqual([]);
      expect(await atRest()).toEqual(before);
    });
  });

  // depends only on the table and the configuration
  if (runtime === 'compose') return;

  describe('a plan', () => {
    it('is printed without changing anything', async () => {
      const before = await clone.state();
      const count = clone.deployments().length;
      const result = await clone.switchyard('deploy', '--plan', '--strategy', 'rolling');
      expectDone(result);
      expect(result.text).toMatch(/^rolling, [0-9a-f]{7}:\n {2}1 {2}start .* undo: stop /);
      const json = JSON.parse((await clone.switchyard('deploy', '--plan', '--json')).text) as object;
      expect(json).toMatchObject({ strategy: 'blue-green', plan: expect.any(Array) });
      expect(await clone.state()).toEqual(before);
      expect(clone.deployments()).toHaveLength(count);
    });

    it('with an unknown strategy suggests the closest one', async () => {
      const result = await clone.switchyard('deploy', '--strategy', 'roling');
      expect(result.code).toBe(1);
      expect(result.text).toContain('Did you mean rolling?');
    });
  });

  it('a smaller pool serves from the remaining slots', async () => {
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

/** Commits a change and deploys it by command. @param badSlot the slot in which it reports another commit */
async function deploy(
  strategy: string,
  change: Change = {},
  badSlot?: string,
): Promise<{ text: string; code: number; deployment: Deployment }> {
  version += 1;
  clone.change({ ...change, manifest: { version: `1.${version}.0` } });
  const commit = await clone.commit(`version ${version}`);
  if (badSlot !== undefined) clone.order(commit, `mistaken in ${badSlot}`);
  const result = await clone.switchyard('deploy', '--strategy', strategy);
  clone.order(commit, null);
  return { ...result, deployment: clone.deployments().at(-1) as Deployment };
}

async function underLoad<T>(action: () => Promise<T>): Promise<{ result: T; counts: LoadResult }> {
  load = startLoad({ port: clone.ports.http, connections: 8, slow: null, pauseMs: 60, mix: [VERSION] });
  await load.more(20);
  const result = await action();
  await load.more(50);
  return { result, counts: await load.stop() };
}

/** The state that a failure must not change, without the restarted processes. */
async function atRest(): Promise<object> {
  const { serving, ...rest } = await clone.state();
  return { ...rest, commit: serving.commit };
}

/** True when a user gets the cookie of a version, and no shared cache may keep the response. */
async function isToldApart(): Promise<boolean> {
  const { headers } = await fetch(`http://127.0.0.1:${clone.ports.http}/version`);
  expect(headers.has('set-cookie')).toBe(headers.get('cache-control') === 'private');
  return headers.has('set-cookie');
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

/** Whether the answer is the maintenance page of in-place. */
function isThePage({ status, retryAfter }: Failure): boolean {
  return status === 503 && Number(retryAfter) > 0;
}

/** Expects limits on every container of the pool, including those of slots without their own file. */
function expectLimits(containers: string[]): void {
  const limits = containers.map((name) =>
    docker('inspect', '--format', '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}', name),
  );
  expect(limits).toEqual(POOL.map(() => `${128 * 1024 ** 2} ${0.5 * 1e9}`));
}
