/** Unexpected changes to a running Switchyard: it keeps serving or says how to repair it. */
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

it('a second npm start or npm stop is refused while one is running, and changes nothing', async () => {
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

it('no other user of the machine can read or lock the files of the home', () => {
  const { journal, lock, settings, secret, socket, pushGit, mirrorGit, releases, shared, logs, pm2 } =
    clone.home;
  const start = path.join(clone.home.dir, 'start.db');
  const privateFiles = [
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
  // nginx's workers may traverse the log folder but not list it
  const forbidden = (file: string): number => (file === logs ? 0o067 : 0o077);
  expect(
    privateFiles.filter((file) => existsSync(file) && (statSync(file).mode & forbidden(file)) !== 0),
  ).toEqual([]);
  const files = readdirSync(logs).map((name) => path.join(logs, name));
  expect(files.filter((file) => (statSync(file).mode & 0o077) !== 0)).toEqual([]);
});

it('npm start causes no incident', () => {
  expect(incidents(clone, 0)).toEqual([]);
});

it('npm start restores the remote and the hook of push.git', async () => {
  await clone.git('remote', 'remove', 'live');
  writeFileSync(path.join(clone.home.pushGit, 'hooks', 'post-receive'), '#!/bin/sh\nexit 1\n');

  const again = await clone.start();

  expectDone(again);
  expect(again.text).toContain('nothing was changed');
  expectLive(await clone.release());
});

it('a changed branch takes effect only at the next start, and npm start says so', async () => {
  clone.change({ config: { branch: 'next' } });
  const again = await clone.start();
  expect(again.text).toContain(
    '! branch next in deploy.config.js takes effect at the next start: npm stop && npm start',
  );
  expectLive(await clone.release({ config: { branch: 'next' } }));
  clone.change({});
});

it('a rollback to the baking release undoes nothing', async () => {
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

it('a release that misses one probe during verify still goes live', async () => {
  const result = await clone.release({ behaviour: { silentOnceAt: '/health' } });

  expectLive(result);
  // the time shows that a probe went unanswered and was repeated
  expect(result.text).toMatch(/✓ verify +\d+\.\d s +(blue|green)/);
});

it('a slot too busy for its health path is not killed while it answers users, and is replaced without losing a request', async () => {
  const { commit, pid } = await clone.serving();
  const before = lastEvent(clone);
  const mix: LoadRequest[] = [{ method: 'GET', path: '/version' }];
  const load = startLoad({ port: clone.ports.http, connections: 4, slow: null, pauseMs: 20, mix });
  try {
    await load.more(10);
    clone.order(commit, 'busy');
    // three unanswered probes in a row would mean a hanging process
    await until('unanswered probes of the watch', () => clone.unanswered(commit) > 4);
    expect((await clone.serving()).pid).toBe(pid);

    expectLive(await clone.release({ config: { strategy: 'rolling' } }));
  } finally {
    expect((await load.stop()).failed).toEqual([]);
  }
  expect(incidents(clone, before)).toEqual([]);
});

it('the deployer recreates a removed traffic table', async () => {
  const { commit } = await clone.serving();
  const before = lastEvent(clone);
  rmSync(clone.home.traffic);
  removeAtOnce(clone.home.tables);

  await until('an answer for users', async () => (await clone.get('/version')).status === 200, 5000);

  expect(await clone.serving()).toMatchObject({ commit });
  await until('the incident in the journal', () =>
    incidents(clone, before).includes('the traffic table was gone and was recreated'),
  );
  expectLive(await clone.release());
});

it('npm stop works with a broken configuration', async () => {
  const { commit } = await clone.serving();
  clone.write('deploy.config.js', 'module.exports = {');
  expectRefusal(await clone.start(), 'deploy.config.js cannot be read', 'E_CONFIG');
  expectDone(await clone.switchyard('stop'));
  clone.change({});
  expectDone(await clone.start());
  expect(await clone.serving()).toMatchObject({ commit });
});

it('commands report a missing journal, and npm start rebuilds it for the live release', async () => {
  const { journal } = clone.home;
  for (const end of ['', '-wal', '-shm']) rmSync(journal + end, { force: true });

  const before = await clone.serving();
  expectRefusal(await clone.switchyard('status'), `The journal ${journal} is gone.`, 'E_JOURNAL');
  expectDone(await clone.start());
  expect(await clone.serving()).toEqual(before);
  expectLive(await clone.release());
});

it('commands report missing npm packages while the app keeps serving', async () => {
  const modules = path.join(clone.dir, 'node_modules');
  renameSync(modules, `${modules}.away`);
  const result = await clone.switchyard('status');
  const script = await clone.switchyard('status', '--json');
  renameSync(`${modules}.away`, modules);

  expectRefusal(result, 'The npm packages of this clone are gone.', 'E_PACKAGES');
  expect(JSON.parse(script.text)).toMatchObject({ error: { code: 'E_PACKAGES' } });
  expect((await clone.get('/version')).status).toBe(200);
});

it('--json prints JSON even for an invalid command', async () => {
  const result = await clone.switchyard('deploy', '--bogus', '--json');
  expect(result.code).toBe(1);
  expect(JSON.parse(result.text)).toMatchObject({ error: { code: 'E_USAGE' } });
  expectRefusal(await clone.switchyard('logs', '999'), 'There is no deployment 999.', 'E_USAGE');
});

it('npm stop works after the home was removed', async () => {
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
