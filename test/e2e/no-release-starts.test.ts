/** `npm start` and the watch when the live release no longer starts. */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Journal } from '../../deploy/journal/journal';
import { loadConfig, type UserConfig } from '../../deploy/config/load';
import { createRuntime } from '../../deploy/runtimes';
import type { StrategyName } from '../../deploy/core/strategy-choice';
import { openContext } from '../../deploy/context';
import { kill, untilPhase } from '../support/crash';
import type { Finding } from '../../deploy/doctor/finding';
import { applyFix, diagnose, WITH_COMMANDS } from '../support/doctor';
import { verdictOf } from '../support/expect-live';
import { tinyClone, type Change, type Pushed, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(180_000);

/** Its build records Node's ABI, like a native addon. It starts only with that ABI and without a broken-data mark. */
const SERVER = `
const fs = require('node:fs');
const path = require('node:path');
const { SWITCHYARD_DATA, SWITCHYARD_COMMIT } = process.env;
const built = fs.readFileSync(path.join(__dirname, 'abi'), 'utf8');
if (built !== process.versions.modules) throw new Error('The module was compiled for another Node: ' + built);
if (fs.existsSync(path.join(SWITCHYARD_DATA, 'broken-' + SWITCHYARD_COMMIT))) throw new Error('The data is broken');
require('../app/server.js');
`;
const BUILD = ['node', '-e', "fs.writeFileSync('more/abi', process.versions.modules)"];

let clone: TinyClone;

afterEach(() => clone.cleanUp());

const change = (version: string, more: Change = {}): Change => ({
  ...more,
  manifest: { ...WITH_COMMANDS.manifest, version },
  config: { ...more.config, app: { start: 'more/server.js', build: BUILD } },
  files: { 'more/server.js': SERVER },
});

async function started(config: UserConfig = {}): Promise<TinyClone> {
  const created = await tinyClone({ bake: { seconds: 0 }, limits: { start: 10 }, ...config });
  created.change(change('1.0.0'));
  await created.commit('one');
  clone = created;
  expect((await created.start()).code).toBe(0);
  return created;
}

async function release(version: string, more: Change = {}): Promise<Pushed> {
  const pushed = await clone.release(change(version, more));
  expect(pushed.verdict).toMatch(/^✓ LIVE/);
  return pushed;
}

const mark = (commit: string): string => path.join(clone.home.shared, `broken-${commit}`);
const breakData = (...commits: string[]): void =>
  commits.forEach((commit) => writeFileSync(mark(commit), ''));
const commitNow = async (): Promise<string> => (await clone.git('rev-parse', 'HEAD')).text.trim();

/** Changes a release's build output and manifest as if a different Node version had built it. */
function pretendOtherNode(commit: string): void {
  const file = path.join(clone.home.releases, `${commit}.json`);
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { folder?: string };
  writeFileSync(file, JSON.stringify({ ...manifest, node: 'v1.0.0', abi: '1' }));
  writeFileSync(path.join(clone.home.releases, manifest.folder ?? commit, 'more/abi'), '1');
}

async function answer(): Promise<{ status: number; retryAfter: string | null; text: string }> {
  const response = await fetch(`http://127.0.0.1:${clone.ports.http}/version`);
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    text: await response.text(),
  };
}

/** The files and folders of a commit's release. */
function namesOf(commit: string): string[] {
  return readdirSync(clone.home.releases)
    .filter((name) => name.startsWith(commit))
    .sort();
}

async function stopSlots(): Promise<void> {
  const runtime = createRuntime({
    home: clone.home,
    root: clone.dir,
    config: loadConfig(clone.dir, {}),
  });
  for (const { slot } of await clone.slots()) await runtime.stop(slot);
}

test('npm start rebuilds a release that a different Node version built and removes its old folder', async () => {
  await started();
  const two = await release('2.0.0');
  expect((await clone.switchyard('stop')).code).toBe(0);
  pretendOtherNode(two.commit);
  const result = await clone.start();
  expect(result.text).toContain('built with Node 1 (ABI 1), and this is');
  expect(result.code).toBe(0);
  expect((await clone.serving()).commit).toBe(two.commit);
  const fresh = ['.2', '.2.files', '.json'].map((end) => `${two.commit}${end}`);
  await until(
    () => `the old folder to be removed: ${namesOf(two.commit).join(' ')}`,
    () => namesOf(two.commit).join() === fresh.join(),
  );
});

test('doctor warns that a different Node version built the active release, and its fix rebuilds it without downtime', async () => {
  await started();
  const two = await release('2.0.0');
  pretendOtherNode(two.commit);
  const before = await clone.serving();
  const warned = (await diagnose(clone)).findings.filter(({ link }) => link === 'releases');
  const message = expect.stringContaining('built with Node 1 (ABI 1)') as string;
  expect(warned).toMatchObject([{ status: 'warning', message, fix: 'npm start' }]);
  await applyFix(clone, ...warned);
  expect((await diagnose(clone)).findings.filter(({ link }) => link === 'releases')).toMatchObject([
    { status: 'ok' },
  ]);
  expect(await clone.serving()).toEqual(before);
});

test('a rollback rebuilds a release of a different Node version before the shift', async () => {
  await started();
  const one = await commitNow();
  await release('2.0.0');
  await release('3.0.0');
  pretendOtherNode(one);
  const result = await clone.switchyard('rollback', one);
  expect(result.text).toContain('built with Node 1 (ABI 1)');
  expect(result.code).toBe(0);
  expect((await clone.serving()).commit).toBe(one);
});

test('when the active release does not start, npm start makes the newest earlier one that does live', async () => {
  await started();
  const one = await commitNow();
  const two = await release('2.0.0');
  const three = await release('3.0.0');
  expect((await clone.switchyard('stop')).code).toBe(0);
  breakData(two.commit, three.commit);
  const result = await clone.start();
  expect(result.code).toBe(1);
  expect(result.text).toMatch(/! no release is live: v2\.0\.0 .* is started next/);
  expect(result.text).toMatch(/! no release is live: v1\.0\.0 .* is started next/);
  expect(verdictOf(result.text)).toMatch(
    /^✗ v1\.0\.0 \(.{7}\) is live on \w+ \(.*\), and not v3\.0\.0 \(.{7}\), which did not start: .*The data is broken/,
  );
  expect((await clone.serving()).commit).toBe(one);
  expect((await clone.switchyard('status')).text).toMatch(
    /production runs v1\.0\.0 .* not v3\.0\.0 .*: it did not start again: .*The data is broken/,
  );
  const again = await clone.start();
  expect(again.code).toBe(0);
  await release('4.0.0');
});

describe.each<StrategyName>(['blue-green', 'rolling', 'in-place', 'canary'])(
  'when no release starts and the strategy is %s',
  (strategy) => {
    test('users get the maintenance page, and a push goes live', async () => {
      await started();
      const one = await commitNow();
      const two = await release('2.0.0');
      expect((await clone.switchyard('stop')).code).toBe(0);
      breakData(one, two.commit);
      const result = await clone.start();
      expect(result.code).toBe(1);
      expect(verdictOf(result.text)).toMatch(
        /^✗ No release is live, and users get the maintenance page: v2\.0\.0 \(.{7}\) did not start: .*The data is broken/,
      );
      expect(await answer()).toMatchObject({
        status: 503,
        retryAfter: '5',
        text: expect.stringContaining('<html'),
      });
      const failed = await clone.release(
        change('3.0.0', { behaviour: { exits: true }, config: { strategy } }),
      );
      expect(failed.verdict).toMatch(/^✗ NOT LIVE\. No release is live: /);
      expect(await answer()).toMatchObject({ status: 503, retryAfter: '5' });
      const { commit } = await release('4.0.0', { config: { strategy } });
      expect((await clone.serving()).commit).toBe(commit);
    });
  },
);

test('when no release starts, a rollback or deploy of a release that does goes live', async () => {
  await started();
  const one = await commitNow();
  const two = await release('2.0.0');
  expect((await clone.switchyard('stop')).code).toBe(0);
  breakData(one, two.commit);
  expect((await clone.start()).code).toBe(1);
  rmSync(mark(one));
  const back = await clone.switchyard('rollback');
  expect(back.text).toContain('LIVE');
  expect((await clone.serving()).commit).toBe(one);
  rmSync(mark(two.commit));
  expect((await clone.switchyard('deploy', two.commit)).code).toBe(0);
  expect((await clone.serving()).commit).toBe(two.commit);

  expect((await clone.switchyard('stop')).code).toBe(0);
  breakData(one, two.commit);
  expect((await clone.start()).code).toBe(1);
  // the deployer keeps trying, and doctor checks no slot during an attempt
  const { faults } = await until('doctor between two attempts', async () => {
    const diagnosis = await diagnose(clone);
    return diagnosis.faults['active slot'] && diagnosis;
  });
  expect(Object.keys(faults)).toEqual(['active slot']);
  const fault = faults['active slot'] as Finding;
  expect(fault.message).toMatch(
    /^No release is live: v2\.0\.0 \(.{7}\) did not start: .*The data is broken.* Remove its cause, or push a commit that starts\.$/,
  );
  const shown = await clone.shell(fault.fix ?? '');
  expect(shown.text).toMatch(/The data is broken[^]*✗ No release is live/);
  rmSync(mark(two.commit));
  await applyFix(clone, fault);
  expect((await clone.serving()).commit).toBe(two.commit);
});

describe.each<StrategyName>(['in-place', 'rolling'])('the undo of a failed %s deployment', (strategy) => {
  test('makes an earlier release live immediately when the live one does not start again', async () => {
    await started({ strategy, crashes: null });
    const one = await commitNow();
    const two = await release('2.0.0');
    const ruin = `require('node:fs').writeFileSync(${JSON.stringify(mark(two.commit))}, ''); process.exit(3);`;
    clone.change({ ...change('3.0.0'), files: { 'more/server.js': ruin } });
    const result = await clone.push('ruins the data');
    // with rolling, a slot that was not replaced yet keeps serving
    if (strategy === 'in-place') {
      expect(result.text).toMatch(/! no release is live: v2\.0\.0 .* is started next/);
      expect(verdictOf(result.text)).toMatch(/^✗ NOT LIVE\. No release is live: .* exited with code 3/);
      await until('an answer of v1', async () => (await answer()).text.includes(one));
    } else expect((await clone.serving()).commit).toBe(two.commit);
  });

  test('rebuilds the live release if the deployment was killed and a different Node version built it', async () => {
    await started({ strategy, crashes: null });
    const two = await release('2.0.0');
    clone.change(change('3.0.0', { behaviour: { silent: true } }));
    const pushing = clone.push('hangs at its start');
    const { pid } = await untilPhase(clone, two.deployment.id, 'start');
    pretendOtherNode(two.commit);
    kill(pid);
    const result = await pushing;
    expect(result.text).toContain('it is built again: built with Node 1 (ABI 1)');
    expect(verdictOf(result.text)).toMatch(/^✗ NOT LIVE\. Still serving v2\.0\.0 .*; everything was undone/);
    expect((await clone.serving()).commit).toBe(two.commit);
    expect((await clone.slots()).map(({ commit, status }) => ({ commit, status }))).toEqual(
      (await clone.slots()).map(() => ({ commit: two.commit, status: 'online' })),
    );
  });
});

test('users return to a live release that recovers behind the maintenance page', async () => {
  await started();
  const context = openContext(clone.home, clone.dir);
  await context.traffic.shift({ ...clone.table(), maintenance: true });
  context.journal.close();
  expect((await answer()).retryAfter).toBe('5');
  await until(
    'an answer of the release',
    async () => (await answer()).text.includes(await commitNow()),
    30_000,
  );
});

test('the watch tries earlier releases too, and later the first one again', async () => {
  await started();
  const one = await commitNow();
  const two = await release('2.0.0');
  breakData(one, two.commit);
  await stopSlots();
  await until('the maintenance page', async () => (await answer()).retryAfter === '5', 60_000);
  await until(
    'the earlier release to be tried',
    () =>
      Promise.resolve(
        clone.deployments().some(({ kind, trigger }) => kind === 'rollback' && trigger === 'watch'),
      ),
    60_000,
  );
  rmSync(mark(one));
  await until('an answer of v1', async () => (await answer()).text.includes(one), 60_000);
  const journal = Journal.open(clone.home);
  const restores = journal.history().filter(({ kind }) => kind === 'restore').length;
  journal.close();
  expect(restores).toBeLessThan(20);
});
