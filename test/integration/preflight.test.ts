import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { UserConfig } from '../../deploy/config/load';
import type { KnownError } from '../../deploy/core/errors';
import { asKnown } from '../../deploy/core/errors';
import { formatSize } from '../../deploy/core/capacity';
import type { Deployment } from '../../deploy/core/deployment';
import type { Observed } from '../../deploy/core/plan';
import type { Commit } from '../../deploy/core/release';
import { homeAt } from '../../deploy/home/home';
import { Journal } from '../../deploy/journal/journal';
import { availableMemory, memoryOf } from '../../deploy/os/resources';
import { storeModules } from '../../deploy/release/packages/store';
import { npmVersion } from '../../deploy/release/packages/npm-version';
import { modulesKey, readPackageFiles } from '../../deploy/release/packages/package-files';
import { likelyPlan, type Requested } from '../../deploy/pipeline/plan';
import { preflight } from '../../deploy/pipeline/preflight';
import { completeRelease, findRelease, releaseFolder } from '../../deploy/release/releases';
import { recordSize } from '../../deploy/release/size';
import { prepareTables } from '../../deploy/traffic/table-folder';
import type { DeployContext } from '../../deploy/context';
import { openContext } from '../../deploy/context';
import { commit } from '../support/deployments';
import { needs } from '../support/needs';
import { fill, mountSmallDisk, smallDiskPossible, type SmallDisk } from '../support/small-disk';
import { afterwards, tempHome } from '../support/temp-home';

const [A, B, C] = ['a', 'b', 'c'].map(commit) as [string, string, string];
const APP = { start: 'server.js', test: null, build: null, migrate: null, health: '/health', smoke: [] };
type DeployRequest = Requested & Pick<Deployment, 'trigger'>;

const DEPLOY: DeployRequest = {
  kind: 'deploy',
  trigger: 'push',
  slot: null,
  strategy: null,
  branch: null,
  hold: false,
};
const MB = 1024 ** 2;
const EMPTY: Observed = { table: { active: null, standby: null }, slots: [] };

let disk: SmallDisk;

let folders = 0;

describe('memory', () => {
  let app: ChildProcess;

  beforeEach(async () => {
    // an app of two processes, 200 MB each
    const child = "const b = Buffer.alloc(200e6, 1); console.log('ready'); setInterval(() => b, 1e6)";
    const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: ['ignore', 'pipe', 'inherit'] })
      .stdout.on('data', () => console.log('ready')); const b = Buffer.alloc(200e6, 1); setInterval(() => b, 1e6)`;
    app = spawn(process.execPath, ['-e', parent], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    afterwards(() => process.kill(-(app.pid as number), 'SIGKILL'));
    await once(app.stdout as NodeJS.ReadableStream, 'data');
    // stopped, so that its memory stays the same
    process.kill(-(app.pid as number), 'SIGSTOP');
  });

  const running = (...slots: ['blue' | 'green', Commit][]): Observed => ({
    table: { active: 'blue', standby: slots[1]?.[0] ?? null },
    slots: slots.map(([slot, of]) => ({
      slot,
      commit: of,
      instance: slot,
      pid: app.pid as number,
      restarts: 0,
      status: 'online',
      exitCode: null,
    })),
  });

  it('is short when a second copy of the live app and its children would leave too little', async () => {
    const used = memoryOf(app.pid as number);
    expect(used).toBeGreaterThan(400e6);
    const room = (left: number): Promise<DeployContext> =>
      contextIn(tempHome(), { room: { disk: '0m', memory: `${Math.round(left / 1024)}k` } });

    const enough = await room(availableMemory() - 1.5 * used);
    expect(await refusal(enough, DEPLOY, B, running(['blue', A]))).toBeNull();

    const tooMuch = await room(availableMemory() - 0.5 * used);
    const refused = await refusal(tooMuch, DEPLOY, B, running(['blue', A]));
    expect(refused).toMatchObject({ code: 'E_NO_ROOM', fault: 'machine' });
    expect(refused?.message).toMatch(
      /^The memory has [\d,]+ MB left: a second copy of the app needs about [\d,]+ MB, and [\d,]+ MB must stay free\.$/,
    );
    expect(refused?.message).toContain(`needs about ${formatSize(used)}`);

    // the process in the idle slot is stopped first
    expect(await refusal(tooMuch, DEPLOY, C, running(['blue', A], ['green', B]))).toBeNull();
  });

  it('is not checked for a running release or when no release is live', async () => {
    const context = await contextIn(tempHome(), { room: { disk: '0m', memory: '999999g' } });
    const both = running(['blue', A], ['green', B]);
    expect(await refusal(context, { ...DEPLOY, kind: 'rollback' }, B, both)).toBeNull();
    expect(await refusal(context, { ...DEPLOY, kind: 'restore', slot: 'blue' }, A, EMPTY)).toBeNull();
    expect((await refusal(context, { ...DEPLOY, kind: 'rollback' }, C, both))?.code).toBe('E_NO_ROOM');
  });

  it('is checked in less than ten milliseconds', async () => {
    const context = await contextIn(tempHome(), { room: { disk: '1m', memory: '1m' } });
    const durations: number[] = [];
    for (let time = 0; time < 5; time++) {
      const started = performance.now();
      await refusal(context, DEPLOY, B, running(['blue', A], ['green', C]));
      durations.push(performance.now() - started);
    }
    expect(Math.min(...durations)).toBeLessThan(10);
  });
});

needs('a small disk', smallDiskPossible).test(
  'a disk with few inodes is short, whatever its free space',
  async () => {
    const few = mountSmallDisk('32m,nr_inodes=500');
    afterwards(() => few.unmount());
    const context = await contextIn(path.join(few.dir, 'home'), { room: { memory: '0m', disk: '1m' } });
    await release(context, A, 1);
    recordSize(context.home, A, { bytes: MB, ownBytes: MB });

    const refused = await refusal(context, DEPLOY, B, EMPTY);

    expect(refused).toMatchObject({ code: 'E_NO_ROOM', fault: 'machine' });
    expect(refused?.message).toMatch(/^The disk of \S+ has \d+ inodes left: a release needs about 1000\.$/);
  },
);

needs('a small disk', smallDiskPossible).test(
  "a full disk of nginx's temporary files refuses a new process, even of a release that is already built",
  async () => {
    const temp = mountSmallDisk('1m');
    afterwards(() => temp.unmount());
    const context = await contextIn(tempHome(), { room: { memory: '0m', disk: '0m' } });
    await release(context, A, 1);
    await release(context, B, 1);
    mkdirSync(context.home.nginx, { recursive: true });
    writeFileSync(
      path.join(context.home.nginx, 'nginx.conf'),
      `http {\n    client_body_temp_path "${temp.dir}" 1 2;\n    proxy_temp_path "${context.home.nginx}";\n}\n`,
    );
    expect(await refusal(context, DEPLOY, B, EMPTY)).toBeNull();

    fill(path.join(temp.dir, 'an upload'));

    const refused = await refusal(context, DEPLOY, B, EMPTY);
    expect(refused).toMatchObject({ code: 'E_NO_ROOM', fault: 'machine' });
    expect(refused?.message).toBe(`The disk of ${temp.dir} is full: nginx cannot keep large requests there.`);
    // users have no other server
    expect(await refusal(context, { ...DEPLOY, kind: 'restore', trigger: 'start' }, B, EMPTY)).toBeNull();
  },
);

needs('a small disk', smallDiskPossible).describe('a disk', () => {
  beforeAll(() => void (disk = mountSmallDisk('32m')));
  afterAll(() => disk.unmount());

  const room = { memory: '0m' };

  it('is short when another release like the live one would leave too little', async () => {
    const context = await contextIn(newFolder(), { room: { ...room, disk: '8m' } });
    await release(context, A, 1);
    recordSize(context.home, A, { bytes: 20 * MB, ownBytes: 20 * MB });
    expect(await refusal(context, DEPLOY, B, EMPTY)).toBeNull();
    recordSize(context.home, A, { bytes: 40 * MB, ownBytes: 40 * MB });

    const refused = await refusal(context, DEPLOY, B, EMPTY);
    expect(refused).toMatchObject({ code: 'E_NO_ROOM', fault: 'machine' });
    expect(refused?.message).toMatch(
      /^The disk of \/\S+ has \d+ MB left: a release needs about 40 MB, and 8 MB must stay free\.$/,
    );
    expect(refused?.hint).toContain('du -xh');

    // a built release needs no space
    await release(context, B, 0);
    expect(await refusal(context, { ...DEPLOY, kind: 'rollback' }, B, EMPTY)).toBeNull();
  });

  it('does not count packages that are already stored and would only be linked', async () => {
    const folder = newFolder();
    afterwards(() => rmSync(folder, { recursive: true }));
    const context = await contextIn(folder, { room: { ...room, disk: '4m' } });
    const { home } = context;
    await release(context, A, 1);
    const lock = (version: string): object => ({
      lockfileVersion: 3,
      packages: { 'node_modules/x': { version } },
    });
    const manifest = { dependencies: { x: '*' } };
    const same = commitOf(home, { 'package.json': manifest, 'package-lock.json': lock('1.0.0') });
    const other = commitOf(home, { 'package.json': manifest, 'package-lock.json': lock('2.0.0') });
    const dir = releaseFolder(home, A);
    writeFiles(dir, { 'package.json': manifest, 'package-lock.json': lock('1.0.0') });
    mkdirSync(path.join(dir, 'node_modules', 'x'), { recursive: true });
    writeFileSync(path.join(dir, 'node_modules', 'x', 'big'), Buffer.alloc(10 * MB, 1));
    await storeModules(home, modulesKey(readPackageFiles(dir), await npmVersion()), dir, () => true);
    // more than is free, like a second copy of everything
    recordSize(home, A, { bytes: 40 * MB, ownBytes: 40 * MB });

    expect(await refusal(context, DEPLOY, same, EMPTY)).toBeNull();
    expect((await refusal(context, DEPLOY, other, EMPTY))?.message).toContain('needs about 40 MB');
  });

  it('is checked again after pruning', async () => {
    const context = await contextIn(newFolder(), { room: { ...room, disk: '12m' }, keep: { releases: 1 } });
    // eight megabytes of a release that failed later
    await release(context, A, 8);
    await release(context, B, 1);
    recordSize(context.home, B, { bytes: 10 * MB, ownBytes: 10 * MB });
    await fail(context, A);

    expect(await refusal(context, DEPLOY, C, EMPTY)).toBeNull();
    expect(findRelease(context.home, A)).toBeNull();
    expect(findRelease(context.home, B)).not.toBeNull();
  });
});

async function refusal(
  context: DeployContext,
  requested: DeployRequest,
  of: Commit,
  observed: Observed,
): Promise<KnownError | null> {
  const plan = likelyPlan(context, requested, observed, of, 0);
  const isBuilt = findRelease(context.home, of) !== null;
  return preflight(context, requested, { commit: of, environment: 0, isBuilt }, observed, plan).then(
    () => null,
    asKnown,
  );
}

function newFolder(): string {
  const dir = path.join(disk.dir, `${folders++}`);
  mkdirSync(dir);
  return dir;
}

async function contextIn(dir: string, config: UserConfig): Promise<DeployContext> {
  const home = homeAt(path.join(dir, 'home'));
  const root = path.join(dir, 'clone');
  for (const folder of [home.dir, home.logs, home.releases, root]) mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(root, 'deploy.config.js'), `module.exports = ${JSON.stringify(config)};`);
  prepareTables(home, ['blue', 'green']);
  const journal = Journal.open(home);
  await journal.prepare();
  journal.close();
  const context = openContext(home, root);
  afterwards(() => context.journal.close());
  return context;
}

/** Creates a commit in the mirror with only these files. */
function commitOf({ mirrorGit }: DeployContext['home'], files: Record<string, object>): Commit {
  const tree = tempHome();
  writeFiles(tree, files);
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '--git-dir', mirrorGit, ...args], {
      cwd: tree,
      encoding: 'utf8',
    }).trim();
  git('init', '--quiet', '--bare');
  git('--work-tree', tree, 'add', '--all');
  return git('commit-tree', '-m', 'x', git('write-tree'));
}

function writeFiles(dir: string, files: Record<string, object>): void {
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(dir, name), JSON.stringify(content));
  }
}

/** Creates a release of this size that went live. */
async function release(context: DeployContext, of: Commit, megabytes: number): Promise<void> {
  const dir = releaseFolder(context.home, of);
  mkdirSync(dir);
  writeFileSync(path.join(dir, 'server.js'), Buffer.alloc(megabytes * MB, 1));
  completeRelease(
    context.home,
    { commit: of, version: '1', subject: 'x', dir, app: APP },
    { node: process.version },
  );
  const id = await startDeployment(context, of);
  await context.journal.move(id, 'succeeded', { liveAt: id, to: { slot: 'blue', commit: of, version: '1' } });
}

/** Starts a deployment of the commit and returns its id. */
async function startDeployment(context: DeployContext, of: Commit): Promise<number> {
  const request = { kind: 'deploy', trigger: 'push', strategy: 'blue-green', commit: of } as const;
  const { id } = await context.journal.request(request);
  await context.journal.move(id, 'running');
  return id;
}

async function fail(context: DeployContext, of: Commit): Promise<void> {
  const id = await startDeployment(context, of);
  await context.journal.move(id, 'failed', { fault: 'commit', cause: 'it failed' });
}
