/** Everyday commands on a live release, under both runtimes. */
import type { Origin } from '../../deploy/config/origins';
import { expectDone, expectLive } from '../support/expect-live';
import { startReaders } from '../support/load';
import { forEachRuntime } from '../support/runtimes';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

let clone: TinyClone;

forEachRuntime((runtime) => {
  beforeAll(async () => {
    clone = await tinyClone({ runtime, bake: { seconds: 0 } });
    expectDone(await clone.start());
  });
  afterAll(() => clone.cleanUp());

  it('restart gives the live release a new process without losing a request', async () => {
    const before = await clone.serving();
    const load = startReaders(clone.ports.http, '/version');
    await load.more(20);
    const result = expectLive(await clone.switchyard('restart'));
    await load.more(20);
    const { failures } = await load.stop();

    expect(failures).toBe(0);
    expect(result.text).toMatch(/✓ LIVE in .*, restarted$/m);
    const after = await clone.serving();
    expect(after.commit).toBe(before.commit);
    expect(after.pid).not.toBe(before.pid);
    expect(clone.deployments().at(-1)).toMatchObject({ kind: 'restart', state: 'succeeded' });
  });

  it("run executes a command in the live release's folder with the app's environment", async () => {
    expectLive(await clone.switchyard('env', 'set', 'GREETING=hello there'));
    const program = 'console.log([process.env.GREETING, process.env.NODE_ENV].join("|")); process.exit(7)';

    const result = await clone.switchyard('run', 'node', '-e', program);

    expect(result).toMatchObject({ code: 7, text: expect.stringContaining('hello there|production') });
    const manifest = 'console.log(require("./package.json").version)';
    const { text } = expectDone(await clone.switchyard('run', '--', 'node', '-p', manifest));
    expect(text).toContain(clone.deployments().at(-1)?.version);
  });

  // the rest does not depend on the runtime
  if (runtime === 'compose') return;

  it('a push speaks the language of the pusher, and --lang wins over the locale', async () => {
    clone.change({ files: { 'korean.txt': 'ko' } });
    await clone.commit('Add korean.txt');

    const push = expectDone(await clone.shell('LC_ALL=ko_KR.UTF-8 git push live HEAD:main'));

    expect(push.text).toMatch(/✓ LIVE \(.*\): (blue|green) 슬롯의 v/);
    expect(push.text).toContain('롤백하려면: ./switchyard rollback');
    const korean = await clone.shell(
      './switchyard status --lang ko && LANG=ko_KR.UTF-8 ./switchyard history',
    );
    expect(expectDone(korean).text).toMatch(/ 활성 [^]* 배포 +성공 /);
    const english = await clone.shell('LC_ALL=ko_KR.UTF-8 ./switchyard --lang en status');
    expect(expectDone(english).text).toMatch(/ active [^]*deployer is running/);
    const unknown = await clone.switchyard('status', '--lang', 'kr');
    expect(unknown).toMatchObject({
      code: 1,
      text: expect.stringContaining('Name one of: en, ko. [E_USAGE]'),
    });
  });

  it('run names a program that does not exist', async () => {
    const result = await clone.switchyard('run', 'no-such-program');
    expect(result.code).toBe(1);
    expect(result.text).toContain('✗ There is no program "no-such-program".');
  });

  it('diff lists what a deployment would add and remove, even for commits the clone does not have', async () => {
    expect(expectDone(await clone.switchyard('diff')).text).toMatch(/HEAD \(\w{7}\) is live: v/);
    clone.change({ files: { 'a.txt': 'a' } });
    const commit = await clone.commit('Add a');

    const { text } = expectDone(await clone.switchyard('diff'));

    expect(text).toContain(`+ ${commit.slice(0, 7)} Add a`);
    expect(text).toMatch(/is live; HEAD \(\w{7}\) adds 1 commit$/m);
    expectLive(await clone.switchyard('deploy'));
    const back = JSON.parse((await clone.switchyard('diff', 'HEAD~1', '--json')).text) as object;
    expect(back).toMatchObject({ added: [], removed: [{ commit, subject: 'Add a' }] });
  });

  it('config says where each value comes from', async () => {
    const { text } = expectDone(await clone.switchyard('config', '--json'));
    const { values } = JSON.parse(text) as { values: Origin[] };
    const from = Object.fromEntries(values.map((each) => [each.key, each]));
    expect(from['bake.seconds']).toEqual({ key: 'bake.seconds', value: 0, from: 'deploy.config.js' });
    expect(from['limits.install']).toMatchObject({ from: 'default' });
    expect(from['http.port']).toMatchObject({ value: clone.ports.http });
  });

  it('open prints the address of the app', async () => {
    const { text } = expectDone(await clone.switchyard('open'));
    expect(text.trim()).toBe(`http://localhost:${clone.ports.http}`);
    expect((await fetch(`${text.trim()}/health`)).status).toBe(200);
  });

  it('a locale without UTF-8 gets ASCII signs, and CI gets plain lines without colours', async () => {
    const doctor = 'node bin/switchyard.js doctor';
    const ascii = expectDone(await clone.shell(`LC_ALL=C ${doctor}`)).text;
    expect(ascii).toMatch(/^\+ nginx/m);
    expect(ascii).toMatch(/^[\x20-\x7e\n]*$/);
    expect((await clone.shell(`CI=true ${doctor}`)).text).not.toContain('\x1b');
    expect((await clone.shell(`FORCE_COLOR=1 ${doctor}`)).text).toContain('\x1b[32m✓');
  });

  it('a second clone on the same ports names the first one and both ways out', async () => {
    const second = await tinyClone();
    try {
      const { code, text } = await second.shell(`HTTP_PORT=${clone.ports.http} node scripts/start.js`);
      expect(code).toBe(1);
      expect(text).toContain(
        `HTTP_PORT: Port ${clone.ports.http} is held by your other clone, ${clone.dir}.`,
      );
      expect(text).toMatch(
        /Choose others: HTTP_PORT=\d+ .*npm start\. Or stop that one: cd \S+ && npm stop \[/,
      );
    } finally {
      await second.cleanUp();
    }
  });

  it('--version prints the version', async () => {
    expect(expectDone(await clone.switchyard('--version')).text).toMatch(/^\d+\.\d+\.\d+/);
  });
});
