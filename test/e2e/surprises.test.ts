/** What people do to a running Switchyard that nobody has asked them to: it serves on, or says the one way out. */
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tryLock } from '../../deploy/journal/deployment-lock';
import { survivorsOf, incidents, lastEvent, untilPhase } from '../support/crash';
import { expectDone, expectLive } from '../support/expect-live';
import { startLoad, type LoadRequest } from '../support/load';
import { removeAtOnce } from '../support/remove-at-once';
import { until } from '../support/until';
import type { CommandResult } from '../support/live-clone';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(120_000);

let clone: TinyClone;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 } });
  expectDone(await clone.start());
});
afterAll(() => clone.cleanUp());

it('starts and stops one at a time: whoever comes second is refused and changes nothing', async () => {
  const settings = readFileSync(clone.home.settings, 'utf8');
  expectDone(await clone.switchyard('stop'));
  const first = tryLock({ lock: path.join(clone.home.dir, 'start.db') });
  for (const second of [await clone.start(), await clone.switchyard('stop')]) {
    expectRefusal(second, 'Another npm start or npm stop is running here.', 'E_USAGE');
  }
  first?.release();
  expect(readFileSync(clone.home.settings, 'utf8')).toBe(settings);
  expectDone(await clone.start());
});

it('lets no other user of the machine read, or lock, what it works with', () => {
  const { journal, lock, settings, secret, socket, pushGit, mirrorGit, releases, shared, logs, pm2 } =
    clone.home;
  const start = path.join(clone.home.dir, 'start.db');
  const open = [
    journal,
    lock,
    start,
    settings,
    secret,
    socket,
    pushGit,
    mirrorGit,
    releases,
    shared,
    logs,
    pm2,
  ];
  // nginx's workers pass through the logs' folder, and cannot list it
  const forbidden = (file: string): number => (file === logs ? 0o067 : 0o077);
  expect(open.filter((file) => existsSync(file) && (statSync(file).mode & forbidden(file)) !== 0)).toEqual(
    [],
  );
  const files = readdirSync(logs).map((name) => path.join(logs, name));
  expect(files.filter((file) => (statSync(file).mode & 0o077) !== 0)).toEqual([]);
});

it('calls nothing an incident that npm start has done', () => {
  expect(incidents(clone, 0)).toEqual([]);
});

it('npm start brings back the way to push when it was lost', async () => {
  await clone.git('remote', 'remove', 'live');
  writeFileSync(path.join(clone.home.pushGit, 'hooks', 'post-receive'), '#!/bin/sh\nexit 1\n');

  const again = await clone.start();

  expectDone(again);
  expect(again.text).toContain('nothing was changed');
  expectLive(await clone.release());
});

it('serves on its old ports when they are edited meanwhile, and says what to do', async () => {
  clone.change({ config: { branch: 'next' } });
  const again = await clone.start();
  expect(again.text).toContain(
    '! branch next in deploy.config.js takes effect at the next start: npm stop && npm start',
  );
  expectLive(await clone.release({ config: { branch: 'next' } }));
  clone.change({});
});

it('a rollback to the very release that bakes takes nothing back', async () => {
  const newest = clone.deployments().at(-1)?.id ?? 0;
  const pushing = clone.release({ config: { bake: { seconds: 2 } } });
  const { commit } = await untilPhase(clone, newest, 'bake');

  const back = await clone.switchyard('rollback', commit as string);

  expectDone(back);
  expectLive(await pushing);
  const journal = clone.journal();
  expect(journal.lastLive()?.to?.commit).toBe(commit);
  journal.close();
});

it('a release that is silent for a moment while it is verified goes live all the same', async () => {
  const said = await clone.release({ behaviour: { silentOnceAt: '/health' } });

  expectLive(said);
  // it did meet the silence, and did not hear it out for nothing
  expect(said.text).toMatch(/✓ verify +\d+\.\d s +(blue|green)/);
});

it('a slot too busy for its health path is not ended while users get its answers, nor do they lose one as it is replaced', async () => {
  const { commit, pid } = await clone.serving();
  const told = lastEvent(clone);
  const mix: LoadRequest[] = [{ method: 'GET', path: '/version' }];
  const load = startLoad({ port: clone.ports.http, connections: 4, slow: null, pauseMs: 20, mix });
  try {
    await load.more(10);
    clone.order(commit, 'busy');
    // three silences in a row are a process that hangs
    await until('the watch being left without an answer', () => clone.unanswered(commit) > 4);
    expect((await clone.serving()).pid).toBe(pid);

    expectLive(await clone.release({ config: { strategy: 'rolling' } }));
  } finally {
    expect((await load.stop()).failed).toEqual([]);
  }
  expect(incidents(clone, told)).toEqual([]);
});

it('makes a traffic table again that somebody has removed', async () => {
  const { commit } = await clone.serving();
  const told = lastEvent(clone);
  rmSync(clone.home.traffic);
  removeAtOnce(clone.home.tables);

  await until('users being served', async () => (await clone.get('/version')).status === 200, 5000);

  expect(await clone.serving()).toMatchObject({ commit });
  await until('the journal telling it', () =>
    incidents(clone, told).includes('the traffic table was gone and was made again'),
  );
  expectLive(await clone.release());
});

it('can be stopped with a configuration that was broken meanwhile', async () => {
  const { commit } = await clone.serving();
  clone.write('deploy.config.js', 'module.exports = {');
  expectRefusal(await clone.start(), 'deploy.config.js cannot be read', 'E_CONFIG');
  expectDone(await clone.switchyard('stop'));
  clone.change({});
  expectDone(await clone.start());
  expect(await clone.serving()).toMatchObject({ commit });
});

it('without its journal it says so, and npm start rebuilds it for the release that is live', async () => {
  const { journal } = clone.home;
  for (const end of ['', '-wal', '-shm']) rmSync(journal + end, { force: true });

  const before = await clone.serving();
  expectRefusal(await clone.switchyard('status'), `The journal ${journal} is gone.`, 'E_JOURNAL');
  expectDone(await clone.start());
  expect(await clone.serving()).toEqual(before);
  expectLive(await clone.release());
});

it('without its npm packages it serves on, and says so', async () => {
  const modules = path.join(clone.dir, 'node_modules');
  renameSync(modules, `${modules}.away`);
  const said = await clone.switchyard('status');
  const script = await clone.switchyard('status', '--json');
  renameSync(`${modules}.away`, modules);

  expectRefusal(said, 'The npm packages of this clone are gone.', 'E_PACKAGES');
  expect(JSON.parse(script.text)).toMatchObject({ error: { code: 'E_PACKAGES' } });
  expect((await clone.get('/version')).status).toBe(200);
});

it('a script gets JSON also for a command that cannot be understood', async () => {
  const said = await clone.switchyard('deploy', '--bogus', '--json');
  expect(said.code).toBe(1);
  expect(JSON.parse(said.text)).toMatchObject({ error: { code: 'E_USAGE' } });
  expectRefusal(await clone.switchyard('logs', '999'), 'There is no deployment 999.', 'E_USAGE');
});

it('can be stopped when its home was removed', async () => {
  removeAtOnce(clone.home.dir);
  expectDone(await clone.switchyard('stop'));
  expect(survivorsOf(clone.home)).toEqual([]);
});

function expectRefusal({ code, text }: CommandResult, sentence: string, known: string): void {
  expect(text).toContain(sentence);
  expect(text).toContain(known);
  expect(text).not.toMatch(/\n\s+at /);
  expect(code).toBe(1);
}
