/**
 * The promise that no request is lost: users who never retry send requests while versions change. As a control, the
 * same load must lose requests over an nginx that reloads.
 */
import path from 'node:path';
import Libsql from 'libsql';
import { expectDone, expectLive } from '../support/expect-live';
import { liveClone, type LiveClone } from '../support/live-clone';
import { startLoad, type Load, type LoadOptions, type LoadResult } from '../support/load';
import { needs, sampleApp } from '../support/needs';
import { freePorts } from '../support/ports';
import { environmentOf, forEachRuntime } from '../support/runtimes';
import { reloadingNginx } from '../support/reloading-nginx';

const VERSIONS = ['1.1.0', '1.2.0', '1.3.0', '1.4.0', '1.5.0'];
/** Each turn is a rollback and a deploy. */
const TURNS = 2;
const RELOADS = 6;
/** Users who pause, so that builds get processor time: a few hundred requests a second. */
const STEADY = { connections: 32, pauseMs: 60 };
/** Users who do not pause. */
const FULL = { connections: 64 };

needs('the sample app', sampleApp).describe('under load', () => {
  forEachRuntime((runtime) => {
    let clone: LiveClone;
    let load: Load | undefined;
    const start = (options: LoadOptions): Load => (load = startLoad(options));

    beforeAll(async () => {
      clone = await liveClone({ env: { BAKE_SECONDS: '1', ...environmentOf(runtime) } });
      withoutTests(clone);
      keepFew(clone);
      await clone.commit('without tests');
      expectDone(await clone.start());
    });
    afterEach(() => load?.stop());
    afterAll(() => clone.cleanUp());

    it('five versions pushed in sequence lose no request and no acknowledged write', async () => {
      const users = start({ port: clone.ports.http, ...STEADY });
      await users.more(100);

      for (const version of VERSIONS) {
        setVersion(clone, version);
        const output = await clone.push(version);
        expectLive(output);
        expect(output.text).toContain(`: v${version} (`);
        await users.more(100);
      }
      const result = await users.stop();

      expectNothingLost(result);
      expect(Object.keys(result.versions).sort()).toEqual(['1.0.0', ...VERSIONS]);
      expect(result.acknowledged.length).toBeGreaterThan(100);
      expect(missing(clone, result.acknowledged)).toEqual([]);
      const pushed = clone.deployments().slice(1);
      expect(pushed.map(({ state, version }) => ({ state, version }))).toEqual(
        VERSIONS.map((version) => ({ state: 'succeeded', version })),
      );
      for (const { served, failed } of pushed) {
        expect(served).toBeGreaterThan(0);
        expect(failed).toBe(0);
      }
    });

    it('rollbacks back and forth lose no request and no acknowledged write', async () => {
      const before = clone.deployments().length;
      const users = start({ port: clone.ports.http, ...FULL });
      await users.more(500);

      for (let turn = 0; turn < TURNS; turn += 1) {
        expectDone(await clone.switchyard('rollback'));
        expectDone(await clone.switchyard('deploy'));
      }
      const result = await users.stop();

      expectNothingLost(result);
      expect(Object.keys(result.versions).sort()).toEqual(['1.4.0', '1.5.0']);
      expect(missing(clone, result.acknowledged)).toEqual([]);
      const switches = clone.deployments().slice(before);
      expect(switches).toHaveLength(2 * TURNS);
      for (const { served, failed } of switches) {
        expect(served).toBeGreaterThan(0);
        expect(failed).toBe(0);
      }
    });

    // the control does not depend on the runtime
    if (runtime === 'pm2')
      it('the same load over nginx -s reload does lose requests', async () => {
        const { blue, green } = clone.ports;
        const [port] = (await freePorts(1)) as [number];
        const nginx = await reloadingNginx(port, blue);
        try {
          const users = start({ port, ...FULL });
          await users.more(500);

          for (let turn = 0; turn < RELOADS; turn += 1) {
            await nginx.switchTo(turn % 2 === 0 ? green : blue);
            await users.more(500);
          }
          const result = await users.stop();

          expect(Object.keys(result.versions).sort()).toEqual(['1.4.0', '1.5.0']);
          expect(result.failures).toBeGreaterThan(0);
        } finally {
          await nginx.stop();
        }
      });

    it('a rolling deployment to both slots loses no request and no acknowledged write', async () => {
      const users = start({ port: clone.ports.http, ...STEADY });
      await users.more(100);

      const output = await clone.switchyard('deploy', 'HEAD~1', '--strategy', 'rolling');
      await users.more(100);
      const result = await users.stop();

      expectLive(output);
      expectNothingLost(result);
      expect(Object.keys(result.versions).sort()).toEqual(['1.4.0', '1.5.0']);
      expect(missing(clone, result.acknowledged)).toEqual([]);
      expect(clone.deployments().at(-1)).toMatchObject({
        strategy: 'rolling',
        state: 'succeeded',
        failed: 0,
      });
    });
  });
});

function expectNothingLost({ failures, failed }: LoadResult): void {
  // the first failures show the reason
  expect(failed.slice(0, 5)).toEqual([]);
  expect(failures).toBe(0);
}

/** The acknowledged writes that are not in the database. */
function missing(clone: LiveClone, acknowledged: (string | number)[]): (string | number)[] {
  const database = new Libsql(path.join(clone.home.shared, 'app.db'), { readonly: true });
  try {
    const rows = database.prepare('SELECT id FROM messages').all() as { id: number }[];
    const stored = new Set<string | number>(rows.map(({ id }) => id));
    return acknowledged.filter((id) => !stored.has(id));
  } finally {
    database.close();
  }
}

function setVersion(clone: LiveClone, to: string): void {
  clone.write('package.json', clone.read('package.json').replace(/"version": ".*?"/, `"version": "${to}"`));
}

/** Saves the time of the app's tests. */
function withoutTests(clone: LiveClone): void {
  const config = clone.read('deploy.config.js');
  clone.write('deploy.config.js', config.replace(/test: \[.*\],/, 'test: null,'));
}

/** Saves the time to remove seven releases at the end. */
function keepFew(clone: LiveClone): void {
  const config = clone.read('deploy.config.js');
  clone.write('deploy.config.js', config.replace(/releases: 5,/, 'releases: 1,'));
}
