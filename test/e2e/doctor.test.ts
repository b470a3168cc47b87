/** Breaks every component for real; doctor names the fault and its fix, and the tests run the fix as printed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { tableFolder } from '../../deploy/core/traffic-table';
import { DEPLOYMENT_MARKER, deploymentMark } from '../../deploy/os/marked-processes';
import { processesWith } from '../../deploy/os/process-table';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import { readSecret } from '../../deploy/home/webhook-secret';
import { guardProcesses } from '../../deploy/deployer/guard-process';
import { processesOf } from '../../deploy/traffic/nginx-processes';
import { linkTable } from '../../deploy/traffic/table-folder';
import type { Finding } from '../../deploy/doctor/finding';
import { applyFix, diagnose, expectFault, WITH_COMMANDS } from '../support/doctor';
import { expectDone, expectLive } from '../support/expect-live';
import { needs, root } from '../support/needs';
import { fill, mountSmallDisk, smallDiskPossible } from '../support/small-disk';
import { tinyClone, type TinyClone } from '../support/tiny-clone';
import { until } from '../support/until';

let clone: TinyClone;
let second: string;
const children: ChildProcess[] = [];
/** Everything doctor has printed. */
let printed = '';

beforeAll(async () => {
  // no schedule may change the home while tests compare it
  clone = recordOutput(
    await tinyClone({
      bake: { seconds: 0 },
      schedules: { poll: null, prune: null, rotate: null },
    }),
  );
  clone.change(WITH_COMMANDS);
  await clone.commit('with the commands');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => clone.cleanUp());

describe('before the first start', () => {
  it('doctor reports one fault and lists the other checks as not checked', async () => {
    const result = await clone.switchyard('doctor');

    expect(result.code).toBe(1);
    expect(result.text).toMatch(/^✗ home +Nothing was started here yet .*\n +→ npm start$/m);
    expect(result.text).toMatch(/^- not checked: configuration, .*reboot$/m);
    expect(result.text).toMatch(/\n✗ 1 fault\n$/);
    expect(result.text).not.toMatch(/\n\s+at /);
  });
});

describe('with a running Switchyard', () => {
  beforeAll(async () => {
    expect((await clone.start()).text).toContain('is live on blue');
  });

  it('doctor reports that every check passed', async () => {
    const { code, findings } = await diagnose(clone);

    expect(code).toBe(0);
    // this machine may have no cron, or allow fewer open files than nginx wants
    const ofTheMachine = ['reboot', 'connections'];
    const others = findings.filter(({ link, status }) => status !== 'ok' && !ofTheMachine.includes(link));
    expect(others).toEqual([]);
    expect((await clone.switchyard('doctor')).text).toMatch(/\n✓ every check passed( \(\d warnings?\))?\n$/);
  });

  it('doctor changes nothing', async () => {
    const before = contentOf(clone.home.dir);
    await diagnose(clone);
    expect(contentOf(clone.home.dir)).toEqual(before);
  });

  it('doctor names a readable secret, a missing table, a missing Node binary, a blocked port and a leftover, each with its fix', async () => {
    chmodSync(clone.home.secret, 0o644);
    const table = path.join(clone.home.tables, tableFolder({ active: 'green', standby: 'blue' }));
    rmSync(table, { recursive: true });
    replaceIn(path.join(clone.home.pushGit, 'hooks', 'post-receive'), process.execPath, '/opt/gone/node');
    const holder = await listenOn(clone.ports.green);
    const survivor = start('setInterval(() => {}, 1000)', {
      [DEPLOYMENT_MARKER]: deploymentMark(clone.home.logs, 1),
    });

    const { code, faults } = await diagnose(clone);

    expect(code).toBe(1);
    expect(Object.keys(faults).sort()).toEqual(
      ['git push', 'leftovers', 'permissions', 'ports', 'traffic table'].sort(),
    );
    expect(faults.permissions).toMatchObject({
      message: `Others on this machine may use ${clone.home.secret} (mode 644).`,
      fix: `chmod 600 ${clone.home.secret}`,
    });
    expect(faults.ports).toMatchObject({
      message: `Port ${clone.ports.green}, which is green's, is held by node (pid ${holder}).`,
      fix: `kill ${holder}`,
    });
    expect(faults.leftovers).toMatchObject({ fix: `kill ${survivor}` });
    expect(faults['traffic table']?.fix).toBe(`install -d -m 755 ${table} && touch ${table}/all.green`);
    expect(faults['git push']?.message).toContain('/opt/gone/node, which is not there.');
    await applyFix(clone, ...Object.values(faults));
  });

  it('a second release keeps the first one as standby', async () => {
    const { commit } = await clone.release({ ...WITH_COMMANDS, files: { 'more/b.txt': 'b' } });
    second = commit;
    expect(clone.table()).toEqual({ active: 'green', standby: 'blue' });
  });

  it('doctor names a dead standby, a changed secret, a missing remote and a missing branch as one fault each', async () => {
    await clone.shell('npm run -s pm2 -- delete app-blue');
    writeFileSync(clone.home.secret, `${'5f'.repeat(32)}\n`);
    await clone.git('remote', 'remove', 'live');
    await clone.git('-C', clone.home.pushGit, 'update-ref', '-d', 'refs/heads/main');

    const { faults } = await diagnose(clone);

    expect(Object.keys(faults)).toEqual(['standby', 'secret', 'git push', 'source']);
    expect(faults.standby?.message).toContain('blue is the standby, but could not take over');
    expect(faults.secret?.message).toBe('The deployer uses a different secret from the one in the home.');
    expect(faults['git push']?.fix).toBe(`git remote add live ${clone.home.pushGit}`);
    expect(faults.source?.fix).toBe('git push live HEAD:main');
    await applyFix(clone, ...Object.values(faults));
  });

  it('the deployer corrects a traffic table that differs from the journal, so doctor finds no fault', async () => {
    linkTable(clone.home, { active: 'blue', standby: 'green' });

    await until('the table to name green again', () => clone.table().active === 'green');

    expect(await clone.serving()).toMatchObject({ commit: second });
    expect((await diagnose(clone)).faults).toEqual({});
  });

  it('doctor names a source that cannot be read', async () => {
    const written = clone.read('deploy.config.js');
    clone.write('deploy.config.js', written.replace('{', '{ source: "/nowhere/app.git",'));
    expect((await expectFault(clone, 'source')).message).toContain(
      'The source /nowhere/app.git cannot be read: ',
    );
    clone.write('deploy.config.js', written);
  });

  it('doctor names an unreadable configuration and still runs the other checks', async () => {
    const written = clone.read('deploy.config.js');
    clone.write('deploy.config.js', 'module.exports = {{');

    const { faults, findings } = await diagnose(clone);

    expect(Object.keys(faults)).toEqual(['configuration']);
    expect(findings.find(({ link }) => link === 'users')).toMatchObject({ status: 'ok' });
    clone.write('deploy.config.js', written);
  });

  needs('root', root).test('doctor names a folder that nginx may not enter', async () => {
    chmodSync(clone.home.dir, 0o700);

    const fault = await expectFault(clone, 'traffic table');

    expect(fault).toMatchObject({ fix: `chmod a+x ${clone.home.dir}` });
    await applyFix(clone, fault);
  });

  it('doctor names a hanging deployer and a missing traffic table without hanging itself', async () => {
    const deployer = deployerPid();
    process.kill(deployer, 'SIGSTOP');
    rmSync(clone.home.traffic);

    const { faults } = await diagnose(clone);

    expect(Object.keys(faults)).toEqual(['deployer', 'traffic table']);
    expect(faults['traffic table']?.message).toContain('There is no traffic table');
    await applyFix(clone, ...Object.values(faults));
    expect(await clone.serving()).toMatchObject({ commit: second });
  });

  it('doctor names every process when all were killed, and one fix restarts them', async () => {
    const active = await clone.slot(clone.table().active ?? '');
    const pids = [
      // first, because it would restart the others
      ...guardProcesses(clone.home).map(({ pid }) => pid),
      ...pm2Daemons(clone.home).map(({ pid }) => pid),
      deployerPid(),
      ...processesOf(clone.home),
      active.pid ?? 0,
    ];
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await until('nginx to be gone', () => processesOf(clone.home).length === 0);

    const { faults } = await diagnose(clone);

    // a warm slot that is not the standby would also be reported as an orphan
    const { leftovers: _, ...others } = faults;
    expect(Object.keys(others)).toEqual(['process manager', 'deployer', 'nginx', 'active slot']);
    expect(Object.values(others).map(({ fix }) => fix)).toEqual(Array(4).fill('npm start'));
    expect(faults['active slot']?.message).toMatch(/^Nothing runs in \w+, which should run v1\.0\.0 \(/);
    await applyFix(clone, ...Object.values(faults));
  });

  it('doctor names an outdated configuration in nginx and a configuration changed by hand', async () => {
    appendFileSync(path.join(clone.dir, 'nginx', 'site.conf.template'), '\n# as an update would\n');

    const fault = await expectFault(clone, 'nginx loaded');

    expect(fault.message).toContain('nginx runs with an outdated configuration');
    await applyFix(clone, fault);

    const site = path.join(clone.home.nginx, 'site.conf');
    const written = readFileSync(site, 'utf8');
    appendFileSync(site, 'client_max_body_size 1k;\n');
    expect((await expectFault(clone, 'nginx loaded')).message).toContain('site.conf was changed by hand');
    writeFileSync(site, written);
  });

  it('doctor names an unreadable settings file and an unreadable journal', async () => {
    const settings = readFileSync(clone.home.settings, 'utf8');
    writeFileSync(clone.home.settings, '{');
    const broken = (await diagnose(clone)).faults;
    expect(broken.home?.message).toContain('settings.json is broken');
    await applyFix(clone, ...Object.values(broken));
    expect(inForceOf(readFileSync(clone.home.settings, 'utf8'))).toEqual(inForceOf(settings));
    expect(readFileSync(`${clone.home.settings}.broken-1`, 'utf8')).toBe('{');

    // the WAL too, which may contain everything and would repair the journal
    for (const file of [clone.home.journal, `${clone.home.journal}-wal`]) {
      writeFileSync(file, 'no database, but long enough to be taken for one'.repeat(200));
    }
    const fault = await expectFault(clone, 'journal');
    expect(fault.message).toContain('The journal cannot be read: ');
    await applyFix(clone, fault);
  });

  it("doctor names the unset variables of the source's and the user's .npmrc, and each command sets one", async () => {
    const npmrc = '//npm.example/:_authToken=${NPM_TOKEN}\n//local.example/:_authToken=${LOCAL?}\n';
    expectLive(await clone.release({ ...WITH_COMMANDS, files: { '.npmrc': npmrc } }));
    // this clone does not have the file, as if another clone had pushed it
    rmSync(path.join(clone.dir, '.npmrc'));
    const user = path.join(clone.home.dir, '..', 'user');
    mkdirSync(user);
    writeFileSync(path.join(user, '.npmrc'), '//other.example/:_password=${OTHER_TOKEN}\n');
    const found = async (): Promise<Finding[]> => {
      const { text } = await clone.shell(`HOME=${user} node bin/switchyard.js doctor --json`);
      const { findings } = JSON.parse(text) as { findings: Finding[] };
      return findings.filter(({ link }) => link === 'install');
    };

    const unset = await found();
    expect(unset).toMatchObject(
      ['NPM_TOKEN', 'OTHER_TOKEN'].map((name) => ({
        status: 'warning',
        message: `.npmrc refers to ${name}, which is not set for the install.`,
        fix: `./switchyard env set --for install ${name}`,
      })),
    );
    // a terminal would ask for the value
    for (const { fix } of unset) expectDone(await clone.shell(`echo value | ${fix}`));
    expect(await found()).toMatchObject([{ status: 'ok' }]);
  });

  needs('a small disk', smallDiskPossible).test(
    "doctor and a push name a full disk of nginx's temporary files",
    async () => {
      const temp = mountSmallDisk('1m');
      const folder = path.join(clone.home.nginx, 'temp-body');
      const { uid } = lstatSync(folder);
      renameSync(folder, `${folder}.aside`);
      symlinkSync(temp.dir, folder);
      try {
        chownSync(temp.dir, uid, -1);
        const upload = async (): Promise<number> => {
          const url = `http://127.0.0.1:${clone.ports.http}/work`;
          return (await fetch(url, { method: 'POST', body: 'x'.repeat(200_000) })).status;
        };
        expect(await upload()).toBe(200);
        const stray = path.join(temp.dir, 'stray');
        fill(stray);
        expect(await upload()).toBe(500);

        const fault = await expectFault(clone, 'disk');
        expect(fault.message).toBe(`The disk of ${folder} is full: nginx cannot keep large requests there.`);
        clone.change(WITH_COMMANDS);
        await clone.commit('to a full disk');
        const pushed = await clone.git('push', 'live', 'main');
        expect(pushed.text).toContain(`: ${fault.message}`);

        expect((await clone.shell(fault.fix ?? '')).text).toContain(stray);
        rmSync(stray);
        const { findings } = await diagnose(clone);
        expect(findings.filter(({ link }) => link === 'disk')).toMatchObject([
          { status: 'ok' },
          { status: 'warning', message: expect.stringContaining('one request may take 25 MB') as string },
        ]);
        expect(await upload()).toBe(200);
      } finally {
        rmSync(folder);
        renameSync(`${folder}.aside`, folder);
        temp.unmount();
      }
    },
  );

  it('doctor has printed no secret', () => {
    expect(printed).toContain('secret');
    expect(printed).not.toContain(readSecret(clone.home));
    expect(printed).not.toContain('5f'.repeat(32));
  });
});

/** The ports and names in force according to a settings file. */
function inForceOf(settings: string): unknown {
  return (JSON.parse(settings) as { inForce: unknown }).inForce;
}

/** The same clone, but it records the output of its commands. */
function recordOutput(inner: TinyClone): TinyClone {
  return {
    ...inner,
    async switchyard(...args) {
      const result = await inner.switchyard(...args);
      printed += result.text;
      return result;
    },
  };
}

function deployerPid(): number {
  const [found] = processesWith('SWITCHYARD_HOME', clone.home.dir).filter(({ argv }) =>
    argv.some((word) => word.endsWith('/daemon.js')),
  );
  if (!found) throw new Error('no deployer is running');
  return found.pid;
}

async function listenOn(port: number): Promise<number> {
  const pid = start(`require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`);
  await new Promise((resolve) => children.at(-1)?.stdout?.once('data', resolve));
  return pid;
}

function start(program: string, env: Record<string, string> = {}): number {
  const child = spawn(process.execPath, ['-e', program], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  return child.pid ?? 0;
}

function replaceIn(file: string, from: string, to: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
}

/** Mode and content of every file, without nginx's access log, which records doctor's own requests. */
function contentOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name !== path.join('logs', 'access.log'),
  );
  return Object.fromEntries(names.sort().map((name) => [name, contentAt(path.join(folder, name))]));
}

function contentAt(file: string): string {
  const stat = lstatSync(file);
  const content = stat.isFile()
    ? createHash('sha256').update(readFileSync(file)).digest('hex')
    : stat.isSymbolicLink()
      ? readlinkSync(file)
      : '';
  return `${stat.mode.toString(8)} ${content}`;
}
