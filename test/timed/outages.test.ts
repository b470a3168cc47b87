/**
 * Kills a slot, PM2 or nginx. The right release is live again within five seconds, the journal reports the incident,
 * and the next push goes live.
 */
import { probe } from '../../deploy/traffic/probe';
import { masterOf, processesOf as nginxProcesses } from '../../deploy/traffic/nginx-processes';
import { statusSocket } from '../../deploy/traffic/nginx-files';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import { deployerStatus } from '../../deploy/runtimes/pm2/deployer';
import {
  deployerPid,
  incidents,
  kill,
  lastEvent,
  stopWatching,
  untilPhase,
  watchServing,
} from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { forEachRuntime } from '../support/runtimes';
import { until } from '../support/until';
import { startLoad, type Load, type LoadRequest } from '../support/load';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

/** The promise: after any kill the right release is live again within this time. */
const PROMISED_MS = 5000;
const VERSION: LoadRequest = { method: 'GET', path: '/version' };

let clone: TinyClone;
let load: Load | undefined;

forEachRuntime((runtime) => {
  beforeAll(async () => {
    clone = await tinyClone({ runtime, bake: { seconds: 0 } });
    expectDone(await clone.start());
  });
  afterEach(async () => {
    await load?.stop();
    await stopWatching();
  });
  afterAll(() => clone.cleanUp());

  describe('the active slot', () => {
    it('is restarted when its process is killed, even without a standby', async () => {
      expect(clone.table()).toEqual({ active: 'blue', standby: null });
      const { commit, pid } = await clone.serving();
      const watching = watchServing(clone, commit);

      kill(pid);

      await untilReplaced(pid);
      expect(await watching.stop()).toBeLessThan(PROMISED_MS);
    });

    it('loses no reader when its process is killed, because the standby answers until it is back', async () => {
      await expectNextPushLive();
      expect(clone.table()).toEqual({ active: 'green', standby: 'blue' });
      const { commit, pid } = await clone.serving();
      const before = lastEvent(clone);
      load = startLoad({ port: clone.ports.http, connections: 8, slow: null, pauseMs: 5, mix: [VERSION] });
      await load.more(50);
      const watching = watchServing(clone, commit);

      kill(pid);

      const next = await untilReplaced(pid);
      expect(await watching.stop()).toBeLessThan(PROMISED_MS);
      await load.more(50);
      expect((await load.stop()).failed).toEqual([]);
      await until('the incident in the journal', () =>
        incidents(clone, before).includes(`green exited and was started again (pid ${next})`),
      );
      await expectNextPushLive();
    });

    it('is killed and restarted when it hangs', async () => {
      const { commit, pid } = await clone.serving();
      const { pid: hung } = await clone.slot('blue');
      const before = lastEvent(clone);
      const watching = watchServing(clone, commit);

      kill(pid, 'SIGSTOP');

      await untilReplaced(pid);
      expect(await watching.stop()).toBeLessThan(PROMISED_MS);
      const hangs = incidents(clone, before).filter((incident) => incident.includes('hangs'));
      // one report, although the killed process exists for a moment longer
      const meanwhile = 'green serves its users in the meantime';
      expect(hangs).toEqual([`blue hangs: its process ${hung} is killed and started again; ${meanwhile}`]);
      await expectNextPushLive();
    });

    // the watch during preparation does not depend on the runtime
    if (runtime === 'compose') return;

    it('is restarted while a deployment is still being prepared', async () => {
      const { commit, pid } = await clone.serving();
      const newest = clone.deployments().at(-1)?.id ?? 0;
      const test = ['node', '-e', 'setTimeout(() => {}, 8000)'];
      const pushing = clone.release({ config: { app: { test } } });
      await untilPhase(clone, newest, 'test');
      const watching = watchServing(clone, commit);

      kill(pid, 'SIGSTOP');

      await untilReplaced(pid);
      expect(await watching.stop()).toBeLessThan(PROMISED_MS);
      expectLive(await pushing);
    });
  });

  if (runtime === 'compose') {
    it("no container is affected when PM2's daemon is killed", async () => {
      const slots = await clone.slots();
      const deployer = await deployerPid(clone);

      kill(pm2Daemons(clone.home)[0]?.pid);

      await until('a deployer under PM2', async () => {
        const status = await deployerStatus({ home: clone.home });
        return status?.orphan === false && status.pid !== deployer;
      });
      expect(await clone.slots()).toEqual(slots);
      await expectNextPushLive();
    });
    // nginx does not depend on the runtime
    return;
  }

  describe("PM2's daemon", () => {
    it('can be killed without a failed request, and its successor manages every process again', async () => {
      const { commit } = await clone.serving();
      const [daemon] = pm2Daemons(clone.home);
      const deployer = await deployerPid(clone);
      const before = lastEvent(clone);
      load = startLoad({ port: clone.ports.http, connections: 8, slow: null, pauseMs: 5, mix: [VERSION] });
      const watching = watchServing(clone, commit);

      kill(daemon?.pid);

      await until('a slot and a deployer under PM2', async () => {
        const { active } = clone.table();
        const running = (await clone.slots()).find(({ slot }) => slot === active);
        const status = await deployerStatus({ home: clone.home });
        return running?.orphan !== true && status?.orphan === false && status.pid !== deployer;
      });
      await until('no running deployment', () =>
        clone.deployments().every(({ finishedAt }) => finishedAt !== null),
      );
      expect(await watching.stop()).toBe(0);
      expect((await load.stop()).failed).toEqual([]);
      expect(pm2Daemons(clone.home)).toHaveLength(1);
      expect(incidents(clone, before)).toContain(
        "PM2's daemon was gone: the deployer is started again under a new one",
      );
      expect(clone.deployments().at(-1)).toMatchObject({
        kind: 'restore',
        trigger: 'watch',
        commit,
        state: 'succeeded',
      });
      expect(await untilReplaced(0)).toBe((await clone.slot(clone.table().active as string)).pid);
      await expectNextPushLive();
    });

    it('can be killed during a deployment, which still goes live', async () => {
      const newest = clone.deployments().at(-1)?.id ?? 0;
      const test = ['node', '-e', 'setTimeout(() => {}, 2000)'];
      const pushing = clone.release({ config: { app: { test } } });
      await untilPhase(clone, newest, 'test');

      kill(pm2Daemons(clone.home)[0]?.pid);

      const { commit } = expectLive(await pushing);
      expect(await clone.serving()).toMatchObject({ commit });
      await until('a deployer under PM2', async () => {
        return (await deployerStatus({ home: clone.home }))?.orphan === false;
      });
      await expectNextPushLive();
    });
  });

  describe('nginx', () => {
    it('is restarted when its master is killed', async () => {
      const { commit } = await clone.serving();
      const master = masterOf(clone.home);
      const before = lastEvent(clone);
      const watching = watchServing(clone, commit);

      kill(master);

      await until('another master', () => masterOf(clone.home) ?? false);
      await until('an answer of nginx', async () => (await nginxAnswers()) && masterOf(clone.home));
      expect(await watching.stop()).toBeLessThan(PROMISED_MS);
      await until('the incident in the journal', () =>
        incidents(clone, before).includes('nginx was gone and was started again'),
      );
      await expectNextPushLive();
    });

    it('is restarted when all its processes are killed', async () => {
      const { commit } = await clone.serving();
      const watching = watchServing(clone, commit);

      for (const pid of nginxProcesses(clone.home)) kill(pid);

      await until('an answer of nginx', async () => (await nginxAnswers()) && masterOf(clone.home));
      expect(await watching.stop()).toBeLessThan(PROMISED_MS);
      await expectNextPushLive();
    });
  });
});

/** Waits until another process serves in the active slot. Returns the pid that its runtime reports. */
function untilReplaced(pid: number): Promise<number> {
  return until('another process', async () => {
    const answer = await clone.serving().catch(() => null);
    const active = clone.table().active;
    const running = (await clone.slots()).find(({ slot }) => slot === active);
    const isIt = answer && answer.pid !== pid && answer.instance === running?.instance;
    return isIt && (running?.pid ?? false);
  });
}

async function nginxAnswers(): Promise<boolean> {
  return (await probe({ socketPath: statusSocket(clone.home), path: '/', timeoutMs: 1000 })).status === 204;
}

async function expectNextPushLive(): Promise<void> {
  const { commit } = expectLive(await clone.release());
  expect(await clone.serving()).toMatchObject({ commit });
}
