/** Damages push.git in every way that disks and people break repositories, while users are served. */
import { chmodSync, chownSync, existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { applyFix, expectFault, WITH_COMMANDS } from '../support/doctor';
import { expectDone, expectLive } from '../support/expect-live';
import { startLoad } from '../support/load';
import { afterwards } from '../support/temp-home';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(180_000);

let clone: TinyClone;
let releases = 0;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 }, schedules: { poll: null, prune: null, rotate: null } });
  clone.change(WITH_COMMANDS);
  await clone.commit('with the commands');
  expectDone(await clone.start());
  expectLive(await push());
  // a branch that exists only in push.git
  expectDone(await clone.git('push', 'live', 'main:other'));
});
afterAll(() => clone.cleanUp());

describe.each<[string, () => void | Promise<void>]>([
  ['without an object', async () => rmSync(await tipObject())],
  ['with an empty object', async () => empty(await tipObject())],
  ['with a truncated pack', () => cutPack()],
  ['with an empty branch', () => empty(at('refs/heads/main'))],
  ['with empty packed branches', () => emptyPackedBranches()],
  ['with an empty HEAD', () => empty(at('HEAD'))],
  ['without HEAD', () => rmSync(at('HEAD'))],
  ['with a garbled configuration', () => writeFileSync(at('config'), '[[')],
  ['without its configuration', () => rmSync(at('config'))],
  ['without its hooks', () => rmSync(at('hooks'), { recursive: true })],
  ['with the lock of a killed git process', () => writeFileSync(at('refs/heads/main.lock'), '')],
  ['that is gone', () => rmSync(clone.home.pushGit, { recursive: true })],
  ...(process.geteuid?.() === 0
    ? [['of another user', () => chownSync(clone.home.pushGit, 12345, 12345)] as [string, () => void]]
    : []),
])('a push.git %s', (_what, damage) => {
  it('is named by doctor; its fix loses no request, and the next push goes live', async () => {
    const before = await clone.serving();
    const pushed = await refs();
    const load = startLoad({
      port: clone.ports.http,
      connections: 4,
      mix: [{ method: 'GET', path: '/version' }],
      slow: null,
      pauseMs: 5,
    });
    afterwards(() => load.stop());
    await damage();

    const fault = await expectFault(clone, 'git push');
    expect(fault.fix).toBe('npm start');
    await applyFix(clone, fault);

    expect(await clone.serving()).toEqual(before);
    expect(await refs()).toEqual(pushed);
    expectLive(await push());
    const { requests, failed } = await load.stop();
    expect(failed).toEqual([]);
    expect(requests).toBeGreaterThan(50);
  });
});

it('npm start recreates a damaged push.git even if everything was stopped', async () => {
  const pushed = await refs();
  const { commit } = await clone.serving();
  const brokenBefore = brokenCopies().length;
  expectDone(await clone.switchyard('stop'));
  writeFileSync(at('config'), '[[');
  expectDone(await clone.start());
  expect((await clone.serving()).commit).toBe(commit);
  expect(await refs()).toEqual(pushed);
  expect(brokenCopies()).toHaveLength(brokenBefore + 1);
});

const brokenCopies = (): string[] =>
  readdirSync(clone.home.dir).filter((name) => /^push-broken-\d+\.git$/.test(name));
const at = (...names: string[]): string => path.join(clone.home.pushGit, ...names);

function push(): ReturnType<TinyClone['release']> {
  releases += 1;
  return clone.release({ ...WITH_COMMANDS, files: { [`more/${releases}.txt`]: `${releases}` } });
}

async function refs(): Promise<string> {
  const { text } = await clone.git('ls-remote', clone.home.pushGit);
  return text;
}

async function tipObject(): Promise<string> {
  const id = (await clone.git('rev-parse', 'HEAD')).text.trim();
  const file = at('objects', id.slice(0, 2), id.slice(2));
  expect(existsSync(file)).toBe(true);
  return file;
}

function empty(file: string): void {
  chmodSync(file, 0o644);
  truncateSync(file);
}

async function emptyPackedBranches(): Promise<void> {
  // as a deployment does; the name of a branch that was never fetched is lost
  const fetch = ['--git-dir', clone.home.mirrorGit, 'fetch', '--quiet', clone.home.pushGit];
  expectDone(await clone.git(...fetch, '+refs/heads/*:refs/heads/*'));
  expectDone(await clone.git('--git-dir', clone.home.pushGit, 'pack-refs', '--all'));
  empty(at('packed-refs'));
}

async function cutPack(): Promise<void> {
  expectDone(await clone.git('--git-dir', clone.home.pushGit, 'gc', '--quiet'));
  const packs = readdirSync(at('objects/pack')).filter((name) => name.endsWith('.pack'));
  for (const name of packs) {
    chmodSync(at('objects/pack', name), 0o644);
    truncateSync(at('objects/pack', name), 40);
  }
}
