/** A health path that answers badly is no hang: what users get decides whether the slot is restarted. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Commit } from '../../deploy/core/release';
import { incidents, kill, lastEvent } from '../support/crash';
import { applyFix, diagnose, WITH_COMMANDS } from '../support/doctor';
import { expectDone, expectLive } from '../support/expect-live';
import { startLoad, type Load, type LoadRequest } from '../support/load';
import { forEachRuntime } from '../support/runtimes';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(180_000);

/** Each is in flight for half a second. */
const WRITE: LoadRequest = { method: 'POST', path: '/late', json: true };
const READ: LoadRequest = { method: 'GET', path: '/version' };

let clone: TinyClone;
let load: Load | undefined;
let told: number;

forEachRuntime((runtime) => {
  beforeAll(async () => {
    clone = await tinyClone({ runtime, bake: { seconds: 0 }, limits: { drain: 5 } });
    clone.change(WITH_COMMANDS);
    await clone.commit('with the commands');
    expectDone(await clone.start());
  });
  beforeEach(() => {
    told = lastEvent(clone);
  });
  afterEach(async () => {
    await load?.stop();
  });
  afterAll(() => clone.cleanUp());

  describe('without a standby', () => {
    it('loses none of the writes in flight to a health path that fails for a moment', () =>
      expectNoLossWhile(async (commit) => {
        clone.order(commit, 'unhealthy');
        await sleep(1200);
        clone.order(commit, null);
        await sleep(1500);
      }));

    it('leaves a slot running that answers users, however often its health path fails, and warns once', async () => {
      await expectNoLossWhile(async (commit) => {
        for (let turn = 0; turn < 4; turn++) {
          clone.order(commit, 'unhealthy');
          await sleep(2500);
          clone.order(commit, null);
          await sleep(1000);
        }
      });
      const news = incidents(clone, told);
      expect(news).toEqual([
        expect.stringContaining('blue is unhealthy: 500 {"error":"the database is gone"}.'),
      ]);
      await until('its recovery', () => incidents(clone, told).includes('blue is healthy again'));
    });

    it('leaves a slot running whose health path alone hangs, though users are few', async () => {
      const { commit, pid } = await clone.serving();

      clone.order(commit, 'busy');

      for (let user = 0; user < 2; user++) {
        await sleep(4500);
        expect(await clone.serving()).toMatchObject({ pid });
      }
      clone.order(commit, null);
      await until('its recovery', () => incidents(clone, told).includes('blue is healthy again'));
      expect(incidents(clone, told)[0]).toMatch(
        /^blue is unhealthy: no answer in \d+ ms\. It is left running/,
      );
    });

    it('restarts a slot that takes requests and answers none of them', async () => {
      const { commit, pid } = await clone.serving();
      load = startLoad({ port: clone.ports.http, connections: 8, slow: null, mix: [READ] });
      await load.more(8);

      clone.order(commit, 'stuck');

      await until('its restart', () =>
        incidents(clone, told).join().includes('blue is unhealthy and fails its users'),
      );
      clone.order(commit, null);
      await until('another process', async () => {
        const now = await clone.serving().catch(() => null);
        return now?.commit === commit && now.pid !== pid;
      });
      // until then it is at its start, which may take long
      await until('its health', () => incidents(clone, told).includes('blue answers again'));
    });

    it('restarts a slot that fails all of its users, and not again before the restart had time to help', async () => {
      const { commit } = await clone.serving();
      const { pid } = await clone.slot('blue');
      load = startLoad({ port: clone.ports.http, connections: 2, slow: null, pauseMs: 100, mix: [READ] });

      clone.order(commit, 'down');

      const another = await until('another process', async () => {
        const running = await clone.slot('blue').catch(() => null);
        return running?.pid && running.pid !== pid && running.pid;
      });
      await sleep(6000);
      expect((await clone.slot('blue')).pid).toBe(another);
      clone.order(commit, null);
      await until('its answer', async () => (await clone.get('/version')).status === 200);
    });

    it('is named by the doctor, whose fix replaces the process', async () => {
      const { pid } = await clone.serving();
      kill(pid, 'SIGUSR2');

      const fault = await until('the fault', async () => (await diagnose(clone)).faults['active slot']);

      expect(fault.message).toMatch(/^blue \(pid \d+\) does not answer as itself: 500 /);
      await applyFix(clone, fault);
      expect((await clone.serving()).pid).not.toBe(pid);
      expectDone(await clone.switchyard('deploy:blue', (await clone.serving()).commit));
    });
  });

  describe('beside a standby', () => {
    beforeAll(async () => {
      expectLive(await clone.release());
      expect(clone.table()).toEqual({ active: 'green', standby: 'blue' });
    });

    it('loses none of the writes in flight to a health path that fails for a moment', () =>
      expectNoLossWhile(async (commit) => {
        clone.order(commit, 'unhealthy');
        await sleep(1200);
        clone.order(commit, null);
        await sleep(1500);
      }));

    it('moves users to the standby, restarts the slot that fails them, and gives them back', async () => {
      const { commit } = await clone.serving();
      const { pid } = await clone.slot('green');
      load = startLoad({ port: clone.ports.http, connections: 4, slow: null, pauseMs: 50, mix: [READ] });

      clone.order(commit, 'down');
      await until('the standby', () => clone.table().active === 'blue');
      clone.order(commit, null);
      const { failures } = await load.more(1);

      await until('its users', () => clone.table().active === 'green');
      await load.more(20);
      expect((await load.stop()).failures).toBeLessThanOrEqual(failures + 4);
      expect((await clone.slot('green')).pid).not.toBe(pid);
      expect(clone.table()).toEqual({ active: 'green', standby: 'blue' });
      expect(await clone.serving()).toMatchObject({ commit });
      expect(incidents(clone, told).join('; ')).toMatch(
        /green is unhealthy and fails its users: 503 .*blue serves its users meanwhile.*green serves its users again/,
      );
    });

    it('loses only what a process that hangs has taken: the standby answers before it is killed', async () => {
      const { commit, pid } = await clone.serving();
      load = startLoad({ port: clone.ports.http, connections: 6, slow: null, pauseMs: 20, mix: [WRITE] });
      await load.more(12);

      kill(pid, 'SIGSTOP');

      await until(
        'the release again',
        async () => (await clone.serving().catch(() => null))?.commit === commit,
      );
      await until('its own table', () => clone.table().active === 'green');
      await load.more(20);
      // one for each client
      expect((await load.stop()).failures).toBeLessThanOrEqual(6);
      expect(incidents(clone, told).join('; ')).toMatch(
        /green hangs: its process \d+ is killed and started again; blue serves its users meanwhile/,
      );
    });

    it('goes live by a push and a rollback afterwards', async () => {
      const { commit } = expectLive(await clone.release());
      expectDone(await clone.switchyard('rollback'));
      expect((await clone.serving()).commit).not.toBe(commit);
    });
  });
});

/** Six writes are in flight all the time. */
async function expectNoLossWhile(act: (commit: Commit) => Promise<void>): Promise<void> {
  const { commit, pid } = await clone.serving();
  load = startLoad({ port: clone.ports.http, connections: 6, slow: null, mix: [WRITE] });
  await load.more(6);

  await act(commit);

  const { failed, failures, requests } = await load.stop();
  const first = failed[0] ?? null;
  expect({ failures, first, told: failures === 0 ? [] : incidents(clone, told) }).toEqual({
    failures: 0,
    first: null,
    told: [],
  });
  expect(requests).toBeGreaterThan(12);
  expect((await clone.serving()).pid).toBe(pid);
}
