/** An unhealthy answer is not a hang: the answers users get decide whether a slot is restarted. */
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

/** Each write is in flight for half a second. */
const WRITE: LoadRequest = { method: 'POST', path: '/late', json: true };
const READ: LoadRequest = { method: 'GET', path: '/version' };

let clone: TinyClone;
let load: Load | undefined;
let lastId: number;

forEachRuntime((runtime) => {
  beforeAll(async () => {
    clone = await tinyClone({ runtime, bake: { seconds: 0 }, limits: { drain: 5 } });
    clone.change(WITH_COMMANDS);
    await clone.commit('with the commands');
    expectDone(await clone.start());
  });
  beforeEach(() => {
    lastId = lastEvent(clone);
  });
  afterEach(async () => {
    await load?.stop();
  });
  afterAll(() => clone.cleanUp());

  describe('without a standby', () => {
    it('no write in flight is lost when the health path fails for a moment', () =>
      expectNoLossWhile(async (commit) => {
        clone.order(commit, 'unhealthy');
        await sleep(1200);
        clone.order(commit, null);
        await sleep(1500);
      }));

    it('a slot that answers users keeps running although its health path fails repeatedly, with one warning', async () => {
      await expectNoLossWhile(async (commit) => {
        for (let turn = 0; turn < 4; turn++) {
          clone.order(commit, 'unhealthy');
          await sleep(2500);
          clone.order(commit, null);
          await sleep(1000);
        }
      });
      const news = incidents(clone, lastId);
      expect(news).toEqual([
        expect.stringContaining('blue is unhealthy: 500 {"error":"the database is gone"}.'),
      ]);
      await until('the reported recovery', () => incidents(clone, lastId).includes('blue is healthy again'));
    });

    it('a slot keeps running when only its health path hangs, even with few users', async () => {
      const { commit, pid } = await clone.serving();

      clone.order(commit, 'busy');

      for (let user = 0; user < 2; user++) {
        await sleep(4500);
        expect(await clone.serving()).toMatchObject({ pid });
      }
      clone.order(commit, null);
      await until('the reported recovery', () => incidents(clone, lastId).includes('blue is healthy again'));
      expect(incidents(clone, lastId)[0]).toMatch(
        /^blue is unhealthy: no answer in \d+ ms\. It is left running/,
      );
    });

    it('a slot that accepts requests without answering is restarted', async () => {
      const { commit, pid } = await clone.serving();
      load = startLoad({ port: clone.ports.http, connections: 8, slow: null, mix: [READ] });
      await load.more(8);

      clone.order(commit, 'stuck');

      await until('the reported restart', () =>
        incidents(clone, lastId).join().includes('blue is unhealthy and fails its users'),
      );
      clone.order(commit, null);
      await until('another process', async () => {
        const now = await clone.serving().catch(() => null);
        return now?.commit === commit && now.pid !== pid;
      });
      // until then the process is treated as starting, which may take long
      await until('the restarted slot to answer', () =>
        incidents(clone, lastId).includes('blue answers again'),
      );
    });

    it('a slot that fails all its users is restarted, but not again until the restart had time to help', async () => {
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
      await until('an answer for users', async () => (await clone.get('/version')).status === 200);
    });

    it('doctor names an unhealthy slot, and its fix replaces the process', async () => {
      const { pid } = await clone.serving();
      kill(pid, 'SIGUSR2');

      const fault = await until('the fault', async () => (await diagnose(clone)).faults['active slot']);

      expect(fault.message).toMatch(/^blue \(pid \d+\) fails its health check: 500 /);
      await applyFix(clone, fault);
      expect((await clone.serving()).pid).not.toBe(pid);
      expectDone(await clone.switchyard('deploy:blue', (await clone.serving()).commit));
    });
  });

  describe('with a standby', () => {
    beforeAll(async () => {
      expectLive(await clone.release());
      expect(clone.table()).toEqual({ active: 'green', standby: 'blue' });
    });

    it('no write in flight is lost when the health path fails for a moment', () =>
      expectNoLossWhile(async (commit) => {
        clone.order(commit, 'unhealthy');
        await sleep(1200);
        clone.order(commit, null);
        await sleep(1500);
      }));

    it('users move to the standby while the slot that fails them is restarted, and then back', async () => {
      const { commit } = await clone.serving();
      const { pid } = await clone.slot('green');
      load = startLoad({ port: clone.ports.http, connections: 4, slow: null, pauseMs: 50, mix: [READ] });

      clone.order(commit, 'down');
      await until('the shift to the standby', () => clone.table().active === 'blue');
      clone.order(commit, null);
      const { failures } = await load.more(1);

      await until('the shift back', () => clone.table().active === 'green');
      await load.more(20);
      expect((await load.stop()).failures).toBeLessThanOrEqual(failures + 4);
      expect((await clone.slot('green')).pid).not.toBe(pid);
      expect(clone.table()).toEqual({ active: 'green', standby: 'blue' });
      expect(await clone.serving()).toMatchObject({ commit });
      expect(incidents(clone, lastId).join('; ')).toMatch(
        /green is unhealthy and fails its users: 503 .*blue serves its users in the meantime.*green serves its users again/,
      );
    });

    it('a hanging process loses only the requests it has accepted, because the standby answers before the kill', async () => {
      const { commit, pid } = await clone.serving();
      load = startLoad({ port: clone.ports.http, connections: 6, slow: null, pauseMs: 20, mix: [WRITE] });
      await load.more(12);

      kill(pid, 'SIGSTOP');

      await until(
        'the release to be live again',
        async () => (await clone.serving().catch(() => null))?.commit === commit,
      );
      await until('the shift back', () => clone.table().active === 'green');
      await load.more(20);
      // one per client
      expect((await load.stop()).failures).toBeLessThanOrEqual(6);
      expect(incidents(clone, lastId).join('; ')).toMatch(
        /green hangs: its process \d+ is killed and started again; blue serves its users in the meantime/,
      );
    });

    it('a push and a rollback succeed afterwards', async () => {
      const { commit } = expectLive(await clone.release());
      expectDone(await clone.switchyard('rollback'));
      expect((await clone.serving()).commit).not.toBe(commit);
    });
  });
});

/** Expects no lost request and no incident while six writes are always in flight. */
async function expectNoLossWhile(act: (commit: Commit) => Promise<void>): Promise<void> {
  const { commit, pid } = await clone.serving();
  load = startLoad({ port: clone.ports.http, connections: 6, slow: null, mix: [WRITE] });
  await load.more(6);

  await act(commit);

  const { failed, failures, requests } = await load.stop();
  const first = failed[0] ?? null;
  expect({ failures, first, news: failures === 0 ? [] : incidents(clone, lastId) }).toEqual({
    failures: 0,
    first: null,
    news: [],
  });
  expect(requests).toBeGreaterThan(12);
  expect((await clone.serving()).pid).toBe(pid);
}
