/**
 * Held releases: verified, reachable by testers through nginx, then promoted or aborted by an operator. Also aborts at
 * every other step.
 */
import { rmSync } from 'node:fs';
import { badCause } from '../../deploy/core/rollback-target';
import type { Deployment } from '../../deploy/core/deployment';
import type { PhaseName } from '../../deploy/core/event';
import { createPm2Runtime } from '../../deploy/runtimes/pm2';
import { commandsOf, kill, untilOver, untilPhase } from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { startLoad, type Load } from '../support/load';
import { forEachRuntime } from '../support/runtimes';
import { LONG_VERIFY, tinyClone, type Change, type State, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';
import type { CommandResult } from '../support/live-clone';

jest.setTimeout(120_000);

let clone: TinyClone;
let load: Load | undefined;

forEachRuntime((runtime) => {
  beforeAll(async () => {
    clone = await tinyClone({ runtime, bake: { seconds: 0 } });
    expectDone(await clone.start());
    expectLive(await clone.release());
  });
  afterEach(() => load?.stop());
  afterAll(() => clone.cleanUp());

  describe('a held release', () => {
    it('is reachable by link and by header, users keep the live release, and its running process goes live', async () => {
      const before = await clone.state();
      const { result: result, held, link, header } = await hold();
      const [idle] = (await clone.slots()).filter(({ commit }) => commit === held.commit);
      expect(result.text).toMatch(
        /^✓ HELD in .*: v1\.0\.0 \(\w{7}\) on (blue|green) is verified; users get v1\.0\.0 \(\w{7}\) on (blue|green)$/m,
      );
      expect(result.text).toContain('./switchyard promote   or   ./switchyard abort');

      const redirect = await visit(link, {});
      expect(redirect).toMatchObject({ status: 302, location: '/' });
      const cookie = redirect.cookie?.split(';')[0] as string;
      for (const headers of [{ cookie }, header]) {
        const tester = await visit('/version', headers);
        expect(tester).toMatchObject({ commit: held.commit, slot: idle?.slot, instance: idle?.instance });
      }
      const { pid } = await visit('/version', header);
      expect(await clone.serving()).toEqual(before.serving);
      expect(journalText(held)).not.toContain(cookie.split('=')[1]);

      const status = JSON.parse((await clone.switchyard('status', '--json')).text);
      expect(status.held).toMatchObject({ id: held.id, release: { commit: held.commit, slot: idle?.slot } });
      expect((await visit(status.held.preview.link, {})).status).toBe(302);
      const text = (await clone.switchyard('status')).text;
      expect(text).toMatch(new RegExp(`^${idle?.slot} +:\\d+ +held +v1\\.0\\.0`, 'm'));
      expect(text).toMatch(/^#\d+ .* holding .* since .*: .\/switchyard promote, or .\/switchyard abort$/m);
      expect(text).toContain(`curl -H 'X-Switchyard-Preview: ${cookie.split('=')[1]}'`);

      const promoted = await clone.switchyard('promote');
      expectLive(promoted);
      expect(promoted.text).toMatch(/^✓ hold .* promoted after /m);
      expect(promoted.text).toMatch(/^✓ LIVE in \d+ ms: /m);
      expect(await clone.serving()).toMatchObject({ commit: held.commit, instance: idle?.instance });
      expect(await visit('/version', { cookie })).toMatchObject({ commit: held.commit, slot: null, pid });
      expect((await visit(link, {})).status).toBe(410);
      expect(await clone.switchyard('promote')).toMatchObject({
        code: 1,
        text: expect.stringContaining('E_NOT_HOLDING'),
      });
    });

    it('is undone by an abort, and its testers get the live release again', async () => {
      const before = await clone.state();
      const { held, link, header } = await hold();

      const aborted = await clone.switchyard('abort');

      expectDone(aborted);
      expect(aborted.text).toMatch(/^✓ ABORTED: deployment \d+ is undone; users get v1\.0\.0 /m);
      await expectAborted(held, before);
      expect(await visit('/version', header)).toMatchObject({ commit: before.serving.commit, slot: null });
      expect((await visit(link, {})).status).toBe(410);
      expect(await clone.switchyard('abort')).toMatchObject({
        code: 1,
        text: expect.stringContaining('E_NOTHING_TO_ABORT'),
      });
    });

    // the other tests do not depend on the runtime
    if (runtime === 'compose') return;

    it('makes a push wait and say so; an abort removes the push from the queue, and the next one goes live', async () => {
      const { held } = await hold();
      const pushing = clone.release();
      const waiting = await until('a queued push', () => newest('queued'));

      expect(expectDone(await clone.switchyard('abort', String(waiting.id))).text).toContain(
        `✓ deployment ${waiting.id} was removed from the queue`,
      );

      const first = await pushing;
      expect(first.text).toContain(
        `waiting for deployment ${held.id} (${held.commit?.slice(0, 7)}), which is held since `,
      );
      expect(first.text).toContain(`abort ${waiting.id} removes it`);
      expect(first.verdict).toMatch(
        /^✗ NOT LIVE\. Still serving .*: An operator removed it from the queue\.$/,
      );
      const second = clone.release();
      await until('a queued push', () => newest('queued'));
      expect(clone.deployments().find(({ id }) => id === held.id)?.state).toBe('holding');
      expectDone(await clone.switchyard('abort'));
      expectLive(await second);
    });

    it('makes every other command wait and immediately print the reason and the way out; Ctrl-C leaves it queued', async () => {
      const { held } = await hold();
      const since = new Date(held.heldAt as number).toLocaleString('sv-SE');
      for (const command of ['env set A=1', 'restart', 'deploy']) {
        const waiting = clone.terminal(`exec node bin/switchyard.js ${command}`);
        const queued = await until('it to be queued', () => newest('queued'));
        await until(waiting.text, () => waiting.text().includes(`abort ${queued.id} removes it`));

        expect(waiting.text()).toContain(
          `waiting for deployment ${held.id} (${held.commit?.slice(0, 7)}), which is held since ${since}\n` +
            '  to end that: ./switchyard promote or abort\n',
        );
        await waiting.leave('SIGINT');
        expect(await waiting.ended).toBe(130);
        expect(waiting.text()).toContain(`deployment ${queued.id} stays in the queue`);
        expect(newest('queued')).toMatchObject({ id: queued.id });
        if (command.startsWith('env')) {
          const again = await clone.switchyard('env', 'set', 'A=2');
          expect(again).toMatchObject({
            code: 1,
            text: expect.stringContaining(`abort ${queued.id} [E_ENV]`),
          });
        }
        expectDone(await clone.switchyard('abort', String(queued.id)));
      }
      expectDone(await clone.switchyard('abort'));
    });

    it('is aborted by a rollback, which does not wait', async () => {
      const { table, serving } = await clone.state();
      const { held } = await hold();

      expectDone(await clone.switchyard('rollback'));

      expect(await untilOver(clone, held.id)).toMatchObject({
        state: 'aborted',
        cause: 'It was held, and a rollback takes precedence.',
      });
      expect(await clone.serving()).not.toMatchObject({ commit: serving.commit });
      expect(table.active).not.toBe(clone.table().active);
    });

    it('is aborted by a restore of the active slot, which does not wait', async () => {
      const { serving, table } = await clone.state();
      const { held } = await hold();

      await createPm2Runtime({ home: clone.home, stopSeconds: 1 }).stop(table.active as string);

      expect(await untilOver(clone, held.id)).toMatchObject({
        state: 'aborted',
        cause: 'It was held, and a restore takes precedence.',
      });
      await until('users to get the live release again', () =>
        clone.serving().then(
          ({ commit }) => commit === serving.commit,
          () => false,
        ),
      );
      await until('the end of the restore', () => clone.deployments().at(-1)?.state === 'succeeded');
    });

    it('fails and is undone immediately when its process dies', async () => {
      const before = await clone.state();
      const { held, header } = await hold();

      kill((await clone.slot(held.to?.slot as string)).pid);

      expect(await untilOver(clone, held.id)).toMatchObject({
        state: 'failed',
        errorCode: 'E_KILLED',
        fault: 'machine',
        cause: expect.stringMatching(/^\w{7} in (blue|green) was killed by SIGKILL /),
      });
      expect(await clone.state()).toEqual(before);
      expect(await visit('/version', header)).toMatchObject({ commit: before.serving.commit, slot: null });
    });

    it('fails when it becomes unhealthy', async () => {
      const before = await clone.state();
      const { held } = await hold();

      clone.order(held.commit as string, 'unhealthy');

      expect(await untilOver(clone, held.id)).toMatchObject({
        state: 'failed',
        errorCode: 'E_UNHEALTHY',
        cause: expect.stringContaining('answered 500'),
      });
      expect(await clone.state()).toEqual(before);
    });

    it("stays held with the same process and testers when the deployment's process is killed", async () => {
      const { held, link, header } = await hold();
      const { pid } = await clone.slot(held.to?.slot as string);

      kill(held.pid);
      await until('another deployment process to hold it', () => {
        const now = clone.deployments().find(({ id }) => id === held.id);
        return now?.state === 'holding' && now.pid !== held.pid;
      });

      expect(await visit('/version', header)).toMatchObject({ commit: held.commit, pid });
      expect((await visit(link, {})).status).toBe(302);
      expectDone(await clone.switchyard('promote'));
      expect(await clone.serving()).toMatchObject({ commit: held.commit, pid });
    });

    it('does not prevent the deployer from recreating a removed traffic table', async () => {
      const { serving } = await clone.state();
      const { held } = await hold();

      rmSync(clone.home.traffic);

      await until('users to get the live release again', () =>
        clone.serving().then(
          ({ pid }) => pid === serving.pid,
          () => false,
        ),
      );
      expect(newest('holding')?.id).toBe(held.id);
      expectDone(await clone.switchyard('abort'));
    });

    it('is undone when its process and its deployment are killed together', async () => {
      const before = await clone.state();
      const { held } = await hold();

      kill(held.pid);
      kill((await clone.slot(held.to?.slot as string)).pid);

      expect(await untilOver(clone, held.id)).toMatchObject({ state: 'interrupted', fault: 'machine' });
      expect(await clone.state()).toEqual(before);
    });
  });

  if (runtime === 'compose') return;

  describe('an abort', () => {
    /** Neither this program nor its child reacts to SIGTERM. */
    const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`;
    const files = {
      'more/stubborn.js': `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { detached: true, stdio: 'ignore' }).unref(); ${stubborn}`,
    };
    const hang = ['node', 'more/stubborn.js'];

    it.each<[PhaseName, Change]>([
      ['test', { files, config: { app: { test: hang } } }],
      ['build', { files, config: { app: { build: hang } } }],
      ['start', { behaviour: { silent: true } }],
      ['verify', LONG_VERIFY],
      ['shift', { behaviour: { lateThroughNginxMs: 4000 } }],
    ])('in the phase %s stops the deployment with its commands and undoes it', async (phase, change) => {
      const before = await clone.state();
      const after = clone.deployments().at(-1)?.id ?? 0;
      const pushing = clone.release(change);
      const running = await untilPhase(clone, after, phase);
      if (change.files)
        await until('a child of the command', () => commandsOf(clone.home, running.id).length >= 2);

      expectDone(await clone.switchyard('abort'));

      expect(commandsOf(clone.home, running.id)).toEqual([]);
      await expectAborted(running, before);
      expect((await pushing).verdict).toMatch(
        /^✗ NOT LIVE\. Still serving v1\.0\.0 \(\w{7}\): It was aborted by an operator\.$/,
      );
    });

    it('in the bake restores the traffic without a failed request', async () => {
      const before = await clone.state();
      load = startLoad({
        port: clone.ports.http,
        connections: 16,
        pauseMs: 20,
        mix: [{ method: 'GET', path: '/version' }],
        slow: null,
      });
      const after = clone.deployments().at(-1)?.id ?? 0;
      const pushing = clone.release({ config: { bake: { seconds: 60 } } });
      const baking = await untilPhase(clone, after, 'bake');
      await load.more(200);

      expectDone(await clone.switchyard('abort'));

      expect((await pushing).verdict).toMatch(
        /^✗ NOT LIVE\. Still serving .*: It was aborted by an operator\.$/,
      );
      await load.more(200);
      const { failures, failed } = await load.stop();
      expect(failed.slice(0, 5)).toEqual([]);
      expect(failures).toBe(0);
      await expectAborted(baking, before);
    });

    it('still takes effect when the deployment process is killed before it acts', async () => {
      const before = await clone.state();
      const { held } = await hold();
      // only the next process can receive the operator request
      kill(held.pid, 'SIGSTOP');
      const aborting = clone.switchyard('abort');
      await until('the recorded operator request', () =>
        clone.deployments().some(({ request }) => request === 'abort' && newest('holding')),
      );

      kill(held.pid);

      expectDone(await aborting);
      await expectAborted(held, before);
    });
  });

  it('npm stop undoes a held release', async () => {
    const { serving } = await clone.state();
    const { held } = await hold();

    expectDone(await clone.switchyard('stop'));

    expect(await untilOver(clone, held.id)).toMatchObject({ state: 'aborted', errorCode: 'E_STOPPED' });
    expectDone(await clone.start());
    expect(await clone.serving()).toMatchObject({ commit: serving.commit });
  });
});

interface Held {
  result: CommandResult;
  held: Deployment;
  link: string;
  header: Record<string, string>;
}

/** Deploys and holds a new commit. */
async function hold(): Promise<Held> {
  clone.change({});
  const commit = await clone.commit('to be held');
  const result = await clone.switchyard('deploy', '--hold');
  expectDone(result);
  expect(result.text).toContain('✓ HELD');
  const held = newest('holding') as Deployment;
  expect(held).toMatchObject({ commit, hold: true });
  const link = /http:\S+preview\?\S+/.exec(result.text)?.[0] as string;
  const token = /X-Switchyard-Preview: ([0-9a-f]{32})/.exec(result.text)?.[1] as string;
  return { result: result, held, link, header: { 'x-switchyard-preview': token } };
}

function newest(state: Deployment['state']): Deployment | undefined {
  return clone.deployments().findLast((each) => each.state === state);
}

async function expectAborted({ id }: Deployment, before: State): Promise<void> {
  const over = await untilOver(clone, id);
  expect(over).toMatchObject({
    state: 'aborted',
    fault: 'operator',
    errorCode: 'E_ABORTED',
    cause: 'It was aborted by an operator.',
  });
  expect(badCause(clone.deployments(), over.commit as string)).toBeNull();
  expect(await clone.state()).toEqual(before);
}

interface Visit {
  status: number;
  location: string | null;
  cookie: string | undefined;
  /** The slot in the answer's header, which only testers get. */
  slot: string | null;
  commit?: string;
  instance?: string;
  /** The process's own pid, in a container that of its namespace. */
  pid?: number;
}

/** Sends a request through nginx without following redirects. */
async function visit(where: string, headers: Record<string, string>): Promise<Visit> {
  const url = new URL(where, 'http://localhost');
  url.hostname = '127.0.0.1';
  url.port = String(clone.ports.http);
  const answer = await fetch(url, { headers, redirect: 'manual' });
  const body = (await answer.json().catch(() => ({}))) as Pick<Visit, 'commit' | 'instance' | 'pid'>;
  return {
    ...body,
    status: answer.status,
    location: answer.headers.get('location'),
    cookie: answer.headers.getSetCookie()[0],
    slot: answer.headers.get('x-switchyard-slot'),
  };
}

/** Everything the journal has about a deployment. */
function journalText({ id }: Deployment): string {
  const journal = clone.journal();
  const text = JSON.stringify([journal.get(id), journal.since(0, id)]);
  journal.close();
  return text;
}
