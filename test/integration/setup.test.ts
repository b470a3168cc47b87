/** `npm start` until it hands over to the command line. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { find } from '../../scripts/lib/find';
import { forbidServices } from '../../scripts/lib/install-nginx';
import { needs, root } from '../support/needs';
import { OTHER_USER } from '../support/other-user';
import {
  commit,
  downloaded,
  git,
  node,
  readyClone,
  write,
  writeKit,
  type Ended,
} from '../support/small-clone';
import { tempHome } from '../support/temp-home';
import { until } from '../support/until';

const START = ['scripts/start.js'];
const PRINT_ARGS = 'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 7;';

function start(dir: string, env?: NodeJS.ProcessEnv): Promise<Ended> {
  return node(dir, START, { env }).ended;
}

/** One sentence with its code, one hint, and no stack trace. */
function expectRefusal({ status, stdout, stderr }: Ended, code: string, hint: string): void {
  expect(stderr.split('\n')).toEqual([expect.stringMatching(`^✗ .+\\. \\(${code}\\)$`), `  ${hint}`, '']);
  expect(stdout).toBe('');
  expect(status).toBe(1);
}

describe('npm start refuses', () => {
  it('a folder from a ZIP, which is not a repository', async () => {
    const hint =
      'Get it with git clone; in a folder from a ZIP: git init && git add -A && git commit -m start';
    expectRefusal(await start(downloaded()), 'E_NOT_A_REPOSITORY', hint);
  });

  it('a folder inside another repository', async () => {
    const outer = tempHome();
    commit(outer);
    const refused = await start(downloaded(path.join(outer, 'inner')));
    expect(refused.stderr).toMatch(
      /^✗ .+\/inner is not a git repository of its own\. \(E_NOT_A_REPOSITORY\)/,
    );
  });

  it('a repository without a commit', async () => {
    const dir = downloaded();
    git(dir, 'init', '-q');
    expectRefusal(await start(dir), 'E_NO_COMMIT', 'Make one: git add -A && git commit -m start');
  });

  it('a Node version that is too old', async () => {
    const old =
      "Object.defineProperty(process, 'version', { value: 'v16.20.2' }); require('./scripts/start.js')";
    const refused = await node(downloaded(), ['-e', old]).ended;
    expectRefusal(refused, 'E_NODE_TOO_OLD', 'Install Node 20 or newer.');
  });

  it('a machine without git', async () => {
    expectRefusal(await start(downloaded(), { PATH: '/nowhere' }), 'E_NO_GIT', 'Install the package git.');
  });

  it('a machine without nginx for a user other than root', async () => {
    const dir = downloaded();
    const apt = path.join(dir, 'bin', 'apt-get');
    write(dir, 'bin/apt-get', '#!/bin/sh\ntouch called\n');
    chmodSync(apt, 0o755);
    const script = `require('./scripts/lib/nginx')
      .ensureNginx({ env: { PATH: ${JSON.stringify(path.dirname(apt))} }, uid: ${OTHER_USER}, folders: [] })
      .catch(require('./scripts/lib/known').end)`;
    const refused = await node(dir, ['-e', script]).ended;
    expect(refused.stderr).toMatch(
      /^✗ nginx is not installed\. \(E_NO_NGINX\)\n {2}Install it: (sudo apt-get update && )?sudo apt-get install -y --no-install-recommends nginx && sudo .+\n$/,
    );
    expect(refused.status).toBe(1);
    expect(existsSync(path.join(dir, 'called'))).toBe(false);
  });
});

needs('root', root).test('npm start in a clone of another user prints how to trust it', async () => {
  const dir = readyClone(PRINT_ARGS);
  for (const part of ['.', '.git']) chownSync(path.join(dir, part), OTHER_USER, OTHER_USER);
  const hint = `Trust it: git config --global --add safe.directory '${dir}'`;
  const env = { PATH: process.env.PATH, HOME: dir, GIT_CONFIG_NOSYSTEM: '1' };
  expectRefusal(await start(dir, env), 'E_NOT_A_REPOSITORY', hint);
});

describe('a ready clone', () => {
  it('is built once, and arguments and exit code are passed on', async () => {
    const dir = readyClone(PRINT_ARGS);
    const first = await node(dir, [...START, '--http-port', '8000']).ended;
    expect(first.stdout).toMatch(
      /^Building Switchyard …\n✓ Switchyard built \(.+\)\n\["start","--http-port","8000"\]\n$/,
    );
    expect(first.status).toBe(7);
    const second = await start(dir);
    expect(second).toEqual({ status: 7, stdout: '["start"]\n', stderr: '' });
  });

  it('becomes the command line in the same process, so signals reach it', async () => {
    const dir = readyClone(
      "process.on('SIGINT', () => process.exit(42)); setInterval(() => {}, 1000); console.log('up');",
    );
    const { child, ended } = node(dir, START);
    await new Promise<void>((resolve) =>
      child.stdout?.on('data', (text: string) => text.includes('up') && resolve()),
    );
    child.kill('SIGINT');
    expect((await ended).status).toBe(42);
  });

  it('is built again when a source changed, and keeps the old build when the source does not compile', async () => {
    const dir = readyClone(PRINT_ARGS);
    await start(dir);
    writeKit(dir, "console.log('changed')");
    expect((await start(dir)).stdout).toMatch(/Switchyard built .+\nchanged\n$/);
    writeKit(dir, 'const wrong: number = "text";');
    const refused = await start(dir);
    expect(refused.stderr).toMatch(
      /^✗ .+\(E_COMPILE\)\n {4}deploy\/cli\.ts\(2,7\): error TS2322: .+\n {2}Fix them/,
    );
    expect(refused.status).toBe(1);
    expect(readFileSync(path.join(dir, 'dist/deploy/cli.js'), 'utf8')).toContain('changed');
  });
});

describe('npm packages', () => {
  const manifest = { dependencies: { dep: 'file:dep' } };
  const packages = {
    '': manifest,
    dep: { version: '1.0.0' },
    'node_modules/dep': { resolved: 'dep', link: true },
  };

  /** A clone with one dependency, which npm finds in the clone itself. */
  function cloneWithDependency(): string {
    const dir = readyClone(PRINT_ARGS);
    write(dir, 'dep/package.json', JSON.stringify({ name: 'dep', version: '1.0.0' }));
    write(dir, 'package.json', JSON.stringify(manifest));
    write(dir, 'package-lock.json', JSON.stringify({ lockfileVersion: 3, requires: true, packages }));
    return dir;
  }

  const ensure = [
    '-e',
    "require('./scripts/lib/packages').ensurePackages('.').catch(require('./scripts/lib/known').end)",
  ];

  it('are installed once with npm ci', async () => {
    const dir = cloneWithDependency();
    const first = await node(dir, ensure).ended;
    expect(first.stdout).toMatch(/^Installing npm packages \(.+\) …\n✓ npm packages installed \(.+\)\n$/);
    expect(existsSync(path.join(dir, 'node_modules/dep/package.json'))).toBe(true);
    expect(await node(dir, ensure).ended).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it("that npm cannot install end with npm's own error", async () => {
    const dir = cloneWithDependency();
    const broken = { ...packages, 'node_modules/gone': { version: '1.0.0', resolved: 'file:gone.tgz' } };
    const wanting = { dependencies: { ...manifest.dependencies, gone: 'file:gone.tgz' } };
    write(dir, 'package.json', JSON.stringify(wanting));
    write(
      dir,
      'package-lock.json',
      JSON.stringify({ lockfileVersion: 3, packages: { ...broken, '': wanting } }),
    );
    const refused = await node(dir, ensure).ended;
    expect(refused.stderr).toMatch(
      /^✗ npm ci failed .+ \(E_PACKAGES\)\n( {4}npm error .+\n)+ {2}Run it yourself/,
    );
    expect(refused.stderr).toContain('gone.tgz');
    expect(refused.status).toBe(1);
  });

  it('stop installing when npm start is stopped', async () => {
    const dir = cloneWithDependency();
    write(dir, 'bin/npm', '#!/bin/sh\necho $$ > npm.pid\nexec sleep 60\n');
    chmodSync(path.join(dir, 'bin/npm'), 0o755);
    const env = { ...process.env, PATH: `${path.join(dir, 'bin')}:${process.env.PATH}` };
    const { child, ended } = node(dir, ensure, { env });
    const pid = await until('the pid of npm', () => pidIn(path.join(dir, 'npm.pid')));
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ status: 143, stderr: '' });
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});

describe('the command switchyard', () => {
  it('reports that nothing was started yet', async () => {
    const refused = await node(downloaded(), ['bin/switchyard.js', 'status']).ended;
    expectRefusal(refused, 'E_NOT_STARTED', 'Start it: npm start. All commands: docs/cli.md');
  });

  it('prints its version before the first start, and says where all commands are described', async () => {
    const dir = downloaded();
    write(dir, 'package.json', '{"version":"1.2.3"}');
    const version = await node(dir, ['bin/switchyard.js', '--version']).ended;
    expect(version).toMatchObject({ status: 0, stdout: '1.2.3\n' });
    const help = await node(dir, ['bin/switchyard.js', '--help']).ended;
    expectRefusal(help, 'E_NOT_STARTED', 'Start it: npm start. All commands: docs/cli.md');
  });

  it('passes on arguments and exit code once the kit is built', async () => {
    const dir = downloaded();
    write(dir, 'dist/deploy/cli.js', PRINT_ARGS);
    write(dir, 'node_modules/commander/package.json', '{}');
    const answer = await node(dir, ['bin/switchyard.js', 'status', '--json']).ended;
    expect(answer).toEqual({ status: 7, stdout: '["status","--json"]\n', stderr: '' });
  });
});

describe('while nginx is installed', () => {
  it('a temporary policy keeps services from starting', () => {
    const policy = path.join(tempHome(), 'policy-rc.d');
    const allow = forbidServices(policy);
    expect(spawnSync(policy, ['nginx', 'start']).status).toBe(101);
    allow();
    expect(existsSync(policy)).toBe(false);
  });

  it('a policy left by a killed installation is reused and removed', () => {
    const policy = path.join(tempHome(), 'policy-rc.d');
    forbidServices(policy);
    forbidServices(policy)();
    expect(existsSync(policy)).toBe(false);
  });

  it("the machine's own policy stays unchanged", () => {
    const policy = path.join(tempHome(), 'policy-rc.d');
    writeFileSync(policy, '#!/bin/sh\nexit 0\n');
    forbidServices(policy)();
    expect(readFileSync(policy, 'utf8')).toBe('#!/bin/sh\nexit 0\n');
  });
});

it('programs are also found in the system folders, but folders and plain files are ignored', () => {
  const dir = tempHome();
  write(dir, 'plain', '');
  mkdirSync(path.join(dir, 'folder'));
  write(dir, 'program', '#!/bin/sh\n');
  chmodSync(path.join(dir, 'program'), 0o755);
  expect(find('program', { PATH: '/nowhere' }, [dir])).toBe(path.join(dir, 'program'));
  expect(['plain', 'folder', 'missing'].map((name) => find(name, { PATH: dir }))).toEqual([null, null, null]);
});

function pidIn(file: string): number {
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
}
