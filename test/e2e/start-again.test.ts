/** `npm start` while some or all processes run: it applies changes, takes over survivors, or says why it cannot. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { deployerInfo } from '../../deploy/client/control-client';
import { processesWith } from '../../deploy/os/process-table';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import { loadedMark } from '../../deploy/traffic/loaded-mark';
import { masterOf, processesOf } from '../../deploy/traffic/nginx-processes';
import { deployerPid, kill, killSupervisors } from '../support/crash';
import { applyFix, diagnose, expectFault, onlyFix, untilHealthy, WITH_COMMANDS } from '../support/doctor';
import type { CommandResult } from '../support/live-clone';
import { startLoad, type Load } from '../support/load';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

jest.setTimeout(120_000);

const READ = [{ method: 'GET', path: '/version' } as const];

let clone: TinyClone;
let load: Load | undefined;

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 }, schedules: { poll: null, prune: null, rotate: null } });
  clone.change(WITH_COMMANDS);
  await clone.commit('with the commands');
  expect((await clone.start()).text).toContain('is live on blue');
});
afterEach(() => load?.stop());
afterAll(() => clone.cleanUp());

/** `npm start` with additional variables. */
const startWith = (variables: string): Promise<CommandResult> =>
  clone.shell(`${variables} node scripts/start.js`);

function users(): Load {
  load = startLoad({ port: clone.ports.http, connections: 32, slow: null, mix: READ, pauseMs: 2 });
  return load;
}

function edit(file: string, from: string, to: string): string {
  const written = clone.read(file);
  expect(written).toContain(from);
  clone.write(file, written.replace(from, to));
  return written;
}

const TEMPLATE = 'nginx/site.conf.template';

describe('npm start applies', () => {
  it('a changed nginx template without losing a request, as doctor advises', async () => {
    const [master, before] = [masterOf(clone.home), await loadedMark(clone.home, clone.ports.http, 5000)];
    edit(TEMPLATE, 'server_tokens off;', 'server_tokens off;\n    etag on;');
    const fault = await expectFault(clone, 'nginx loaded');
    await users().more(500);

    await applyFix(clone, fault);

    expect(fault.fix).toBe('npm start');
    expect(await loadedMark(clone.home, clone.ports.http, 5000)).not.toBe(before);
    expect(masterOf(clone.home)).toBe(master);
    await load?.more(500);
    expect((await load?.stop())?.failed).toEqual([]);
  });

  it('a new webhook secret if the old one was removed, as doctor advises', async () => {
    rmSync(clone.home.secret);
    const fault = await expectFault(clone, 'secret');

    await applyFix(clone, fault);

    expect(fault.fix).toBe('npm start');
    expect((await clone.release(WITH_COMMANDS)).verdict).toMatch(/^✓ LIVE/);
  });

  it('changed schedules by restarting the deployer', async () => {
    const written = edit('deploy.config.js', '"rotate": null', '"rotate": "* * * * * *"');
    clone.write(
      'deploy.config.js',
      clone.read('deploy.config.js').replace('{', '{ keep: { logSize: "1k", logs: 1 },'),
    );
    const [before, { findings }] = [await deployerPid(clone), await diagnose(clone)];
    expect(findings.find(({ link, status }) => link === 'deployer' && status === 'warning')).toMatchObject({
      message: 'The deployer runs with an earlier configuration than deploy.config.js.',
      fix: 'npm start',
    });
    await users().more(100);

    const result = await clone.shell('npm start');

    expect(result.text).toContain('it was running already: the deployer has read the changed configuration');
    await until(
      'a rotated log',
      () => existsSync(`${clone.home.accessLog}.1`) || existsSync(`${clone.home.accessLog}.1.gz`),
    );
    expect((await load?.stop())?.failed).toEqual([]);
    expect(await deployerPid(clone)).not.toBe(before);
    clone.write('deploy.config.js', written);
    expect((await clone.start()).code).toBe(0);
    expect((await clone.start()).text).toContain('it was running already: nothing was changed');
  });

  it('a readable SOURCE, and removes it again for an empty one', async () => {
    const result = await startWith(`SOURCE='${clone.dir}'`);

    expect(result.text).toContain('it was running already: the deployer has read the changed configuration');
    expect((await clone.git('push', 'live', 'main:elsewhere')).text).toContain('commits come from');

    expect((await startWith('SOURCE=')).text).toContain('the deployer has read the changed configuration');
    expect(readFileSync(clone.home.settings, 'utf8')).not.toContain('SOURCE');
    expect((await clone.release(WITH_COMMANDS)).verdict).toMatch(/^✓ LIVE/);
  });

  it('the path of the current Node if the Node of the deployer, the slot and the hooks is gone', async () => {
    const node = path.join(clone.dir, '..', 'old-node', 'bin', 'node');
    mkdirSync(path.dirname(node), { recursive: true });
    copyFileSync(process.execPath, node);
    expect((await clone.shell(`'${node}' scripts/start.js`)).code).toBe(0);
    expect((await clone.release(WITH_COMMANDS)).verdict).toMatch(/^✓ LIVE/);
    rmSync(node);
    const { faults } = await diagnose(clone);
    expect(Object.keys(faults)).toEqual(['node', 'git push']);

    await applyFix(clone, ...Object.values(faults));

    const { commit, pid } = await clone.serving();
    kill(pid);
    await until('the slot to be live again', async () => {
      const now = await clone.serving().catch(() => null);
      return now !== null && now.pid !== pid && now.commit === commit;
    });
    expect((await clone.release(WITH_COMMANDS)).verdict).toMatch(/^✓ LIVE/);
  });
});

describe('npm start fails and changes nothing', () => {
  it('for a SOURCE that is a SHA-256 repository', async () => {
    const folder = path.join(clone.dir, '..', 'sha256');
    const commit = 'git -c user.name=a -c user.email=a@b commit --quiet --allow-empty --message=first';
    await clone.shell(
      `git init --quiet --initial-branch=main --object-format=sha256 ${folder} && cd ${folder} && ${commit}`,
    );

    const result = await startWith(`SOURCE='${folder}'`);

    expect(result.code).toBe(1);
    expect(result.text).toMatch(
      /✗ SOURCE=\S+ is a SHA-256 repository, so nothing was changed\.\n {2}Copy it: .* \[E_SHA256\]\n$/,
    );
    expect(readFileSync(clone.home.settings, 'utf8')).not.toContain('sha256');
  });

  it('for a SOURCE that cannot be read', async () => {
    const settings = readFileSync(clone.home.settings, 'utf8');
    const loaded = await deployerInfo(clone.home);

    const result = await startWith('SOURCE=/nowhere/app.git');

    expect(result.code).toBe(1);
    expect(result.text).toMatch(
      /✗ SOURCE=\/nowhere\/app\.git cannot be read, so nothing was changed: .+\n {2}Correct it, .* \[E_SOURCE\]\n$/,
    );
    expect(readFileSync(clone.home.settings, 'utf8')).toBe(settings);
    expect(await deployerInfo(clone.home)).toEqual(loaded);
  });

  it('for a template that nginx refuses, and nginx keeps its current configuration', async () => {
    const before = await loadedMark(clone.home, clone.ports.http, 5000);
    const written = edit(TEMPLATE, 'server_tokens off;', 'server_tokens perhaps;');
    await users().more(100);

    const result = await clone.start();

    expect(result.code).toBe(1);
    expect(result.text).toMatch(
      /✗ nginx refuses its new configuration: .*perhaps.* It keeps its current one\.\n.*\[E_NGINX\]/,
    );
    expect(await loadedMark(clone.home, clone.ports.http, 5000)).toBe(before);
    expect((await load?.stop())?.failed).toEqual([]);
    clone.write(TEMPLATE, written);
    await untilHealthy(clone);
  });
});

describe('npm start takes over the surviving processes when', () => {
  const master = (): number => masterOf(clone.home) ?? 0;
  const active = async (): Promise<number> => (await clone.serving()).pid;

  it.each<[string, () => Promise<number[]> | number[]]>([
    ["PM2's daemon, the deployer and its guard were killed", () => []],
    ["nginx's master was also killed and its workers hold the port", () => [master()]],
    ['only the slots were left', () => processesOf(clone.home)],
    ["only nginx's workers were left", async () => [master(), await active()]],
  ])('%s', async (_what, others) => {
    const { commit } = await clone.serving();
    killSupervisors(clone.home, ...(await others()));

    const result = await clone.shell(await onlyFix(clone));

    expect(result.text).toContain('is live on');
    expect(result.code).toBe(0);
    expect(await clone.serving()).toMatchObject({ commit });
    await untilHealthy(clone);
  });

  it.each(['alone', 'with the deployer'])("PM2's daemon hangs %s", async (how) => {
    const [daemon] = pm2Daemons(clone.home);
    if (how !== 'alone') kill(await deployerPid(clone), 'SIGSTOP');
    kill(daemon?.pid, 'SIGSTOP');

    expect((await clone.shell(await onlyFix(clone))).code).toBe(0);

    await untilHealthy(clone);
  });

  it('the deployer hangs and holds its port', async () => {
    const hung = await deployerPid(clone);
    kill(hung, 'SIGSTOP');

    expect((await clone.shell(await onlyFix(clone))).code).toBe(0);

    expect(processesWith('SWITCHYARD_HOME', clone.home.dir).map(({ pid }) => pid)).not.toContain(hung);
    await untilHealthy(clone);
  });
});
