/** A new user's first steps: start, change a line, push, roll back, push a broken change. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { linkedTable } from '../../deploy/traffic/table-folder';
import { processesWith } from '../../deploy/os/process-table';
import { keepOneTest, withoutTests } from '../support/app-tests';
import { inEngine, processesInContainers } from '../support/docker';
import { expectDone, expectLive, verdictOf } from '../support/expect-live';
import { liveClone, type LiveClone } from '../support/live-clone';
import { needs, sampleApp } from '../support/needs';
import { environmentOf, forEachRuntime } from '../support/runtimes';

needs('the sample app', sampleApp).describe('from a fresh clone to live traffic', () => {
  forEachRuntime((runtime) => {
    let clone: LiveClone;
    let first: string;
    let environment: Record<string, string>;

    beforeAll(async () => {
      environment = environmentOf(runtime);
      // the app's tests do not depend on the runtime
      clone = await liveClone({ env: environment, ...(runtime === 'compose' && { change: withoutTests }) });
      first = (await clone.git('rev-parse', 'HEAD')).text.trim();
    });
    afterAll(() => clone.cleanUp());

    it('npm start makes HEAD live and prints its address and the next step', async () => {
      const result = await clone.start();

      expect(result.text).toContain(
        `✓ v1.0.0 ${first.slice(0, 7)} is live on blue   http://localhost:${clone.ports.http}\n` +
          '  it runs in the background (npm stop stops it)\n' +
          'Next: change a line in app/, then  git commit -am hello && git push live main\n',
      );
      expectDone(result);
      expect(await version(clone)).toMatchObject({ version: '1.0.0', commit: first, slot: 'blue' });
    });

    it('a second npm start changes nothing and says so', async () => {
      const before = await version(clone);

      const result = await clone.start();

      expect(result.text).toContain('it was running already: nothing was changed');
      expectDone(result);
      expect(await version(clone)).toEqual(before);
    });

    it("a push makes its commit live in the other slot and reports it in the push's terminal", async () => {
      setVersion(clone, '1.1.0');
      // npm start has run all tests
      keepOneTest(clone.dir);

      const result = await clone.push('hello');

      expect(verdictOf(result.text)).toMatch(/^✓ LIVE in [\d.]+ s: v1\.1\.0 \([0-9a-f]{7}\) on green$/);
      expect(await version(clone)).toMatchObject({ version: '1.1.0', slot: 'green' });
    });

    if (runtime === 'compose') {
      it('docker ps shows both slots with their images', async () => {
        const name = environment.APP_NAME as string;
        const { text } = await clone.shell("docker ps --format '{{.Names}} {{.Image}}'");
        const [before, now] = clone.deployments().map(({ commit }) => commit as string);
        expect(text.split('\n')).toEqual(
          expect.arrayContaining([`${name}-blue ${name}:${before}`, `${name}-green ${name}:${now}`]),
        );
      });
    }

    it('rollback returns to the previous release with one rename, and deploy goes forward again', async () => {
      const back = await clone.switchyard('rollback');

      expectLive(back);
      expect(await version(clone)).toMatchObject({ version: '1.0.0', commit: first, slot: 'blue' });
      expect(
        clone
          .deployments()
          .at(-1)
          ?.plan?.map(({ step }) => step.do),
      ).toEqual(['verify', 'shift', 'verify-live']);
      expect(linkedTable(clone.home)).toEqual({ active: 'blue', standby: null, assets: 'green' });

      const forward = await clone.switchyard('deploy');
      expectDone(forward);
      expect(await version(clone)).toMatchObject({ version: '1.1.0', slot: 'green' });
      expect(linkedTable(clone.home)).toEqual({ active: 'green', standby: 'blue' });
    });

    it('an unhealthy push leaves the old version live and names the cause in its verdict', async () => {
      const before = await version(clone);
      breakHealth(clone);

      const result = await clone.push('broken');

      const verdict = verdictOf(result.text);
      expect(verdict).toMatch(
        /^✗ NOT LIVE\. Still serving v1\.1\.0 \([0-9a-f]{7}\): \/health in blue answered 404/,
      );
      expect(await version(clone)).toEqual(before);
      expect(clone.deployments().at(-1)).toMatchObject({
        state: 'failed',
        errorCode: 'E_UNHEALTHY',
        fault: 'commit',
      });
    });

    it('npm stop leaves no process or container, and npm start restores the live release', async () => {
      const stopped = await clone.switchyard('stop');
      expectDone(stopped);
      expect(processesWith('SWITCHYARD_DATA', clone.home.shared)).toEqual([]);
      expect(processesWith('SWITCHYARD_HOME', clone.home.dir)).toEqual([]);
      expect(processesInContainers(clone.home)).toEqual([]);
      if (runtime === 'compose') expect(await inEngine(clone.home)).toMatchObject({ containers: [] });
      await expect(clone.get('/version')).rejects.toThrow('ECONNREFUSED');
      expect(existsSync(path.join(clone.home.nginx, 'nginx.pid'))).toBe(false);

      const started = await clone.start();

      expectDone(started);
      expect(await version(clone)).toMatchObject({ version: '1.1.0', slot: 'green' });
    });
  });
});

async function version(clone: LiveClone): Promise<Record<string, unknown>> {
  const { status, text } = await clone.get('/version');
  expect(status).toBe(200);
  return JSON.parse(text) as Record<string, unknown>;
}

function setVersion(clone: LiveClone, to: string): void {
  clone.write('package.json', clone.read('package.json').replace(/"version": ".*?"/, `"version": "${to}"`));
}

/** Breaks the health path, as a user might, and skips the app's tests, which would notice. */
function breakHealth(clone: LiveClone): void {
  clone.write(
    'deploy.config.js',
    clone.read('deploy.config.js').replace("'--if-present', 'test:app'", "'--if-present', 'none'"),
  );
  clone.write('app/routes/about.ts', clone.read('app/routes/about.ts').replace("'/health'", "'/never'"));
}
