import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { UserConfig } from '../../deploy/config/load';
import type { DeploymentState } from '../../deploy/core/deployment';
import type { Commit } from '../../deploy/core/release';
import { deploymentLog } from '../../deploy/os/command';
import { homeAt } from '../../deploy/home/home';
import { Journal } from '../../deploy/journal/journal';
import { tryLock } from '../../deploy/journal/deployment-lock';
import { storeModules, takeModules } from '../../deploy/release/packages/store';
import { npmVersion } from '../../deploy/release/packages/npm-version';
import { modulesKey, readPackageFiles } from '../../deploy/release/packages/package-files';
import { prune, pruneNow } from '../../deploy/prune/prune';
import { completeRelease, findRelease, releaseFolder } from '../../deploy/release/releases';
import { prepareTables } from '../../deploy/traffic/table-folder';
import type { DeployContext } from '../../deploy/context';
import { openContext } from '../../deploy/context';
import { commit } from '../support/deployments';
import { afterwards, tempHome } from '../support/temp-home';

const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'].map(commit) as [string, string, string, string, string];
const APP = { start: 'server.js', test: null, build: null, migrate: null, health: '/health', smoke: [] };

let context: DeployContext;

beforeEach(async () => {
  const dir = tempHome();
  const home = homeAt(path.join(dir, 'home'));
  const root = path.join(dir, 'clone');
  for (const folder of [home.dir, home.logs, home.modules, home.releases, root]) mkdirSync(folder);
  writeFileSync(path.join(root, 'deploy.config.js'), 'module.exports = { keep: { releases: 1 } };');
  prepareTables(home, ['blue', 'green']);
  const journal = Journal.open(home);
  await journal.prepare();
  journal.close();
  context = openContext(home, root);
  afterwards(() => context.journal.close());
});

it('pruning removes whole releases with the package stores and leftovers that nothing needs', async () => {
  for (const [index, each] of [A, B, C, D].entries())
    await release(each, ['blue', 'green'][index % 2] as string);
  const { releases, modules, tables } = context.home;
  for (const half of [path.join(releases, E), path.join(modules, 'x.partial'), path.join(tables, 'red')]) {
    mkdirSync(half);
  }
  writeFileSync(path.join(releases, `${E}.index`), '');
  for (const key of ['old', 'new']) {
    mkdirSync(path.join(modules, key));
    writeFileSync(path.join(modules, key, 'fingerprint'), key);
  }
  const tablesBefore = readdirSync(tables).filter((name) => name !== 'red');

  await prune(context);

  // the last release of each slot, and one more
  expect(readdirSync(releases).sort()).toEqual([B, `${B}.json`, C, `${C}.json`, D, `${D}.json`].sort());
  expect(readdirSync(modules)).toEqual(['new']);
  expect(readdirSync(tables)).toEqual(tablesBefore);
  expect(existsSync(path.join(context.home.dir, 'trash'))).toBe(false);
});

it('pruning never removes a release from which a process is running', async () => {
  for (const each of [A, B, C, D]) await release(each, 'blue');
  const folder = path.join(releaseFolder(context.home, A), 'deep');
  mkdirSync(folder);
  const child = spawn('sleep', ['60'], { cwd: folder });
  afterwards(() => child.kill('SIGKILL'));
  await once(child, 'spawn');

  await prune(context);

  expect(built()).toEqual([A, C, D]);
});

it.each([
  ['runs', 'running'],
  ['waits', 'queued'],
] as const)('pruning removes nothing while a deployment %s', async (_is, state) => {
  for (const each of [A, B, C, D]) await release(each, 'blue');
  const lock = state === 'running' ? tryLock(context.home) : null;
  const { id } = await context.journal.request({
    kind: 'deploy',
    trigger: 'command',
    strategy: 'blue-green',
  });
  if (lock) await context.journal.move(id, 'running');
  await prune(context);
  expect(built()).toEqual([A, B, C, D]);

  // the deployment itself may prune when it needs space
  await pruneNow(context);
  expect(built()).toEqual([C, D]);
  lock?.release();
});

it('pruning removes the logs and events of old deployments and keeps the deployments', async () => {
  for (let id = 1; id <= 203; id++) {
    await over('failed');
    writeFileSync(deploymentLog(context.home, id), 'output');
  }
  await context.journal.record(null, { type: 'incident', reason: 'nginx', message: 'after all of them' });

  await prune(context);

  expect(readdirSync(context.home.logs).length).toBe(200);
  expect(existsSync(deploymentLog(context.home, 3))).toBe(false);
  expect(existsSync(deploymentLog(context.home, 4))).toBe(true);
  expect(context.journal.since(0, 3)).toEqual([]);
  expect(context.journal.since(0, 4)).not.toEqual([]);
  expect(context.journal.incidents(1)).toHaveLength(1);
  expect(context.journal.history()).toHaveLength(203);
});

it('pruning frees the disk of old releases and their packages when every push changes the lockfile', async () => {
  // 2 MB of packages each; the oldest release shares those of the warm one
  const versions = ['4', '2', '3', '4', '5'];
  for (const [index, each] of [A, B, C, D, E].entries()) {
    await release(each, ['blue', 'green'][index % 2] as string);
    await giveModules(each, versions[index] as string);
  }
  expect(readdirSync(context.home.modules)).toHaveLength(4);
  const before = megabytesOf(context.home.dir);

  await prune(configured({ releases: 5, disk: '7m' }));

  expect(built()).toEqual([A, C, D, E]);
  expect(readdirSync(context.home.modules)).toHaveLength(3);
  expect(Math.round(before - megabytesOf(context.home.dir))).toBe(2);

  // by now the sizes are recorded; a smaller limit spares active and warm releases
  await prune(configured({ releases: 5, disk: '1m' }));
  expect(built()).toEqual([D, E]);
  expect(Math.round(before - megabytesOf(context.home.dir))).toBe(4);
});

/** The same home with a clone that has these limits. */
function configured(keep: UserConfig['keep']): DeployContext {
  const root = tempHome();
  writeFileSync(path.join(root, 'deploy.config.js'), `module.exports = ${JSON.stringify({ keep })};`);
  return { ...context, root };
}

/** Gives a release the packages of a lockfile, shared between releases with the same lockfile. */
async function giveModules(of: Commit, version: string): Promise<void> {
  const dir = releaseFolder(context.home, of);
  const lock = { lockfileVersion: 3, packages: { '': {}, 'node_modules/large': { version } } };
  writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ dependencies: { large: version } }));
  writeFileSync(path.join(dir, 'package-lock.json'), JSON.stringify(lock));
  const key = modulesKey(readPackageFiles(dir), await npmVersion());
  if (await takeModules(context.home, key, dir)) return;
  mkdirSync(path.join(dir, 'node_modules/large'), { recursive: true });
  writeFileSync(path.join(dir, 'node_modules/large/index.js'), Buffer.alloc(2 * 1024 ** 2, version));
  await storeModules(context.home, key, dir, () => true);
}

function megabytesOf(folder: string): number {
  const { stdout } = spawnSync('du', ['-sk', '--', folder], { encoding: 'utf8' });
  return parseInt(stdout, 10) / 1024;
}

/** Creates a release that went live in a slot. */
async function release(of: Commit, slot: string): Promise<void> {
  const dir = releaseFolder(context.home, of);
  mkdirSync(path.join(dir, 'dist'), { recursive: true });
  writeFileSync(path.join(dir, 'dist', 'server.js'), '');
  completeRelease(
    context.home,
    { commit: of, version: '1', subject: 'x', dir, app: APP },
    { node: process.version },
  );
  const id = await over('succeeded', of);
  await context.journal.note(id, { liveAt: id, to: { slot, commit: of, version: '1' } });
}

async function over(state: DeploymentState, of?: Commit): Promise<number> {
  const { id } = await context.journal.request({
    kind: 'deploy',
    trigger: 'push',
    strategy: 'blue-green',
    ...(of ? { commit: of } : {}),
  });
  await context.journal.move(id, 'running');
  await context.journal.move(id, state);
  return id;
}

function built(): Commit[] {
  return [A, B, C, D, E].filter((each) => findRelease(context.home, each) !== null);
}
