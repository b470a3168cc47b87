/** Files damaged by power cuts, disks or operators: a push repairs mirror.git, and doctor's fix repairs a release. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Finding } from '../../deploy/doctor/finding';
import { releaseFolder } from '../../deploy/release/releases';
import { applyFix, diagnose, WITH_COMMANDS } from '../support/doctor';
import { expectDone, expectLive } from '../support/expect-live';
import { startLoad, type LoadRequest } from '../support/load';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(180_000);

const VERSION: LoadRequest[] = [{ method: 'GET', path: '/version' }];

let clone: TinyClone;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 }, schedules: { poll: null, prune: null, rotate: null } });
  clone.change(WITH_COMMANDS);
  await clone.commit('with the commands');
  expectDone(await clone.start());
  expectLive(await clone.release(WITH_COMMANDS));
});
afterAll(() => clone.cleanUp());

describe('a push goes live and reports a damaged mirror.git in one line', () => {
  it.each<[string, () => void]>([
    ['a file of the live commit is missing', () => removeObject('HEAD:app/server.js')],
    ['the directory of the live commit is missing', () => removeObject('HEAD^{tree}')],
    ['its branch is empty', emptyBranch],
  ])('when %s', async (what, damage) => {
    // files prepared ahead would keep git from reading the damaged objects
    rmSync(clone.home.ready, { recursive: true, force: true });
    damage();

    const pushed = expectLive(await clone.release({ ...WITH_COMMANDS, files: { 'more/push.txt': what } }));

    expect(pushed.text).toMatch(/mirror\.git was damaged \(.+\) and was recreated/);
    expect(pushed.text).not.toContain('E_SOURCE');
    expect(await clone.serving()).toMatchObject({ commit: pushed.commit });
    expect((await findingsOf('mirror')).map(({ status }) => status)).toEqual(['ok']);
  });
});

describe('doctor names a damaged mirror.git, and its fix recreates it', () => {
  it.each<[string, () => void]>([
    ['an object is empty', () => emptyObject('HEAD:app/server.js')],
    ['its newest commit is empty', () => emptyObject('HEAD')],
    ['an object is missing', () => removeObject('HEAD^{tree}')],
    ['its pack is cut off', cutPack],
    ['its branch is empty', emptyBranch],
    ['its packed branches are empty', emptyPackedBranches],
  ])('when %s', async (what, damage) => {
    const before = await clone.serving();
    damage();

    const [warned] = await findingsOf('mirror');

    expect(warned).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/^mirror\.git is damaged \(.+\)\./),
    });
    await applyFix(clone, warned as Finding);
    expect(await findingsOf('mirror')).toMatchObject([{ status: 'ok' }]);
    expect(await clone.serving()).toEqual(before);
    expectLive(await clone.release({ ...WITH_COMMANDS, files: { 'more/mirror.txt': what } }));
  });
});

describe('doctor names a damaged active release, and its fix rebuilds it without downtime', () => {
  it.each<[string, RegExp, (folder: string, commit: string) => void]>([
    [
      'a file is empty',
      /app\/server\.js is empty/,
      (folder) => truncateSync(path.join(folder, 'app/server.js')),
    ],
    [
      'a file is missing',
      /app\/server\.js is missing/,
      (folder) => rmSync(path.join(folder, 'app/server.js')),
    ],
    [
      'its folder is gone',
      /its files are gone/,
      (folder) => renameSync(folder, `${clone.dir}-${Date.now()}`),
    ],
    [
      'its manifest is empty',
      /its files are gone/,
      (_folder, commit) => truncateSync(path.join(clone.home.releases, `${commit}.json`)),
    ],
  ])('when %s', async (_what, message, damage) => {
    const before = await clone.serving();
    damage(releaseFolder(clone.home, before.commit), before.commit);

    const [warned] = await findingsOf('releases');

    expect(warned).toMatchObject({ status: 'warning', message: expect.stringMatching(message) });
    const load = startLoad({ port: clone.ports.http, connections: 4, mix: VERSION, slow: null, pauseMs: 20 });
    await applyFix(clone, warned as Finding);
    const { failures } = await load.stop();
    expect(failures).toBe(0);
    expect(await findingsOf('releases')).toMatchObject([{ status: 'ok' }]);
    expect(await clone.serving()).toMatchObject({ commit: before.commit });
  });
});

function inMirror(...args: string[]): string {
  return spawnSync('git', ['--git-dir', clone.home.mirrorGit, ...args], { encoding: 'utf8' }).stdout.trim();
}

function removeObject(name: string): void {
  rmSync(objectFile(name));
}

/** Empties an object, as a power cut can. */
function emptyObject(name: string): void {
  const file = objectFile(name);
  chmodSync(file, 0o600);
  truncateSync(file);
}

/** The loose file of an object. Unpacks it first if git keeps it in a pack. */
function objectFile(name: string): string {
  const object = inMirror('rev-parse', name.replace('HEAD', 'refs/heads/main'));
  const packs = path.join(clone.home.mirrorGit, 'objects/pack');
  for (const pack of readdirSync(packs).filter((each) => each.endsWith('.pack'))) {
    const aside = path.join(clone.home.mirrorGit, pack);
    renameSync(path.join(packs, pack), aside);
    const file = openSync(aside, 'r');
    spawnSync('git', ['--git-dir', clone.home.mirrorGit, 'unpack-objects', '-q'], {
      stdio: [file, 'ignore', 'ignore'],
    });
    closeSync(file);
    rmSync(aside);
    rmSync(path.join(packs, pack.replace('.pack', '.idx')));
  }
  return path.join(clone.home.mirrorGit, 'objects', object.slice(0, 2), object.slice(2));
}

function emptyBranch(): void {
  const file = path.join(clone.home.mirrorGit, 'refs/heads/main');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '');
}

function emptyPackedBranches(): void {
  inMirror('pack-refs', '--all');
  truncateSync(path.join(clone.home.mirrorGit, 'packed-refs'));
}

function cutPack(): void {
  inMirror('gc', '--quiet');
  const packs = path.join(clone.home.mirrorGit, 'objects/pack');
  for (const name of readdirSync(packs).filter((each) => each.endsWith('.pack'))) {
    chmodSync(path.join(packs, name), 0o600);
    truncateSync(path.join(packs, name), 40);
  }
}

async function findingsOf(check: string): Promise<Finding[]> {
  return (await diagnose(clone)).findings.filter(({ link }) => link === check);
}
