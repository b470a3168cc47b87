import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../../deploy/core/errors';
import type { Entry } from '../../deploy/core/event';
import type { Release } from '../../deploy/core/release';
import { deploymentLog } from '../../deploy/os/command';
import { sendCommit } from '../../deploy/git/mirror';
import type { Home } from '../../deploy/home/home';
import { createFolderPacking } from '../../deploy/release/artifact/folder';
import type { Preparation } from '../../deploy/release/prepare';
import { prepareRelease } from '../../deploy/release/prepare';
import { prepareNextCheckout } from '../../deploy/release/checkout-cache';
import { prelinkModules } from '../../deploy/release/packages/prelink';
import { writeInventory } from '../../deploy/release/file-list';
import { findRelease, releaseFolder, removeHalfMade, settleRelease } from '../../deploy/release/releases';
import { killMarkedProcesses } from '../../deploy/os/marked-processes';
import type { Repository } from '../support/repository';
import { homeAndClone } from '../support/repository';
import { startProgram } from '../support/second-process';
import { afterwards } from '../support/temp-home';

const TINY = { name: 'tiny', version: '1.0.0' };

let home: Home;
let clone: Repository;
let top: string;
let reported: Entry[];

beforeEach(() => {
  ({ home, clone, top } = homeAndClone());
  reported = [];
  clone.write('server.js', 'require("tiny")');
  clone.manifest({ version: '1.2.3' }, TINY);
  settings({ start: 'server.js' });
});

function settings(app: object): void {
  clone.write(
    'deploy.config.js',
    `module.exports = ${JSON.stringify({ app: { test: null, build: null, ...app } })}`,
  );
}

/** Commits everything in the clone and prepares the commit. */
async function prepare(more: Partial<Preparation> = {}, message?: string): Promise<Release> {
  const commit = clone.commit(message);
  await sendCommit(home, clone.dir, commit);
  return prepareRelease(work(commit, more));
}

function work(commit: string, more: Partial<Preparation> = {}): Preparation {
  const limits = { install: 60, test: 60, build: 60, migrate: 60 };
  const packing = createFolderPacking({ home, limits });
  const report = (entry: Entry): number => reported.push(entry);
  return {
    home,
    root: top,
    source: clone.dir,
    packing,
    deploymentId: 1,
    commit,
    environment: 0,
    exactly: true,
    limits,
    report,
    ...more,
  };
}

/** A commit of HEAD's files and one at a path that git itself would not add. */
function commitWith(names: string[], entry: string): string {
  const mktree = (lines: string): string =>
    execFileSync('git', ['mktree'], { cwd: clone.dir, input: lines, encoding: 'utf8' }).trim();
  const [last = '', ...folders] = [...names].reverse();
  const inner = folders.reduce(
    (line, folder) => `040000 tree ${mktree(`${line}\n`)}\t${folder}`,
    `${entry}\t${last}`,
  );
  const tree = mktree(`${clone.git('ls-tree', 'HEAD')}\n${inner}\n`);
  return clone.git('commit-tree', tree, '-m', 'odd');
}

const failure = (more?: Partial<Preparation>): Promise<KnownError> =>
  prepare(more).then(
    () => Promise.reject(new Error('it was prepared')),
    (error: KnownError) => error,
  );
const phases = (): string[] =>
  reported.flatMap((entry) => (entry.type === 'phase' ? [`${entry.phase} ${entry.status}`] : []));
const log = (): string => readFileSync(deploymentLog(home, 1), 'utf8');
const node = (script: string): string[] => ['node', '-e', script];

describe('preparing a release', () => {
  test('checks out, installs, tests and builds the commit and reports each phase', async () => {
    settings({
      start: 'dist/out.js',
      test: node('console.log(require("tiny"))'),
      build: node('fs.mkdirSync("dist"); fs.writeFileSync("dist/out.js", process.env.NODE_ENV)'),
    });
    const release = await prepare({}, 'the first');
    expect(release).toMatchObject({
      version: '1.2.3',
      subject: 'the first',
      dir: releaseFolder(home, release.commit),
    });
    expect(release.app).toMatchObject({ start: 'dist/out.js', health: '/health' });
    expect(readFileSync(path.join(release.dir, 'dist/out.js'), 'utf8')).toBe('production');
    expect(phases()).toEqual(
      ['check out', 'install', 'test', 'build'].flatMap((phase) => [`${phase} started`, `${phase} done`]),
    );
    expect(findRelease(home, release.commit)).toEqual(release);
  });

  test('does nothing the second time', async () => {
    const release = await prepare();
    await writeInventory(release.dir);
    const changedAt = statSync(release.dir).mtimeMs;
    rmSync(home.mirrorGit, { recursive: true });
    reported = [];
    expect(await prepareRelease(work(release.commit))).toEqual(release);
    expect(phases()).toEqual(['check out skipped', 'install skipped', 'test skipped', 'build skipped']);
    expect(statSync(release.dir).mtimeMs).toBe(changedAt);
  });

  describe('whose manifest names a different Node version', () => {
    const pretendOtherNode = ({ commit }: Release): void => {
      const file = path.join(home.releases, `${commit}.json`);
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as object;
      writeFileSync(file, JSON.stringify({ ...manifest, node: 'v1.0.0', abi: '1' }));
      reported = [];
    };

    test('builds it in a new folder, and the old one stays until no process is running from it', async () => {
      settings({ start: 'server.js', test: ['sleep', '0'] });
      const first = await prepare();
      pretendOtherNode(first);
      const user = spawn('sleep', ['60'], { cwd: first.dir });
      try {
        await once(user, 'spawn');
        const second = await prepareRelease(work(first.commit));
        expect(second.dir).not.toBe(first.dir);
        expect(findRelease(home, first.commit)).toEqual(second);
        expect(reported[0]).toMatchObject({
          type: 'note',
          message: expect.stringContaining('built with Node 1 (ABI 1)'),
        });
        expect(phases()).toContain('test done');
        await removeHalfMade(home);
        expect(existsSync(first.dir)).toBe(true);
        const ended = once(user, 'exit');
        user.kill();
        await ended;
        await removeHalfMade(home);
        expect(existsSync(first.dir)).toBe(false);
        expect(findRelease(home, first.commit)).toEqual(second);
        await writeInventory(second.dir);
        await prepareRelease(work(first.commit));
        expect(readdirSync(home.releases)).toHaveLength(3);
      } finally {
        user.kill();
      }
    });

    test('keeps the old build when it cannot be built again', async () => {
      const mark = path.join(top, 'fails');
      settings({
        start: 'server.js',
        test: node(`if (fs.existsSync(${JSON.stringify(mark)})) process.exit(1)`),
      });
      const first = await prepare();
      pretendOtherNode(first);
      writeFileSync(mark, '');
      await expect(prepareRelease(work(first.commit))).rejects.toMatchObject({ code: 'E_TEST' });
      expect(findRelease(home, first.commit)).toEqual(first);
      expect(existsSync(path.join(first.dir, 'node_modules/tiny'))).toBe(true);
      expect(readdirSync(home.releases)).toHaveLength(2);
    });
  });

  describe('with variables for install, build and run', () => {
    const keep = (number: number, environment: object): void => {
      mkdirSync(home.env, { recursive: true });
      writeFileSync(path.join(home.env, `${number}.json`), JSON.stringify({ variables: {}, ...environment }));
    };
    const set = (values: Record<string, string>): object =>
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, at: 1 }]));
    const saves = (file: string): string[] =>
      node(`fs.writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.env))`);
    const read = ({ dir }: Release, file: string): Record<string, string> =>
      JSON.parse(readFileSync(path.join(dir, file), 'utf8')) as Record<string, string>;

    beforeEach(() => {
      settings({ start: 'server.js', test: saves('test.json'), build: saves('build.json') });
      keep(1, {
        install: set({ NPM_TOKEN: 'canary-install' }),
        build: set({ NEXT_PUBLIC_API: 'canary-build' }),
        variables: set({ KEY: 'canary-run' }),
      });
      keep(2, { build: set({ NEXT_PUBLIC_API: 'other' }) });
    });

    test('gives each phase only its own variables, and the commit to the build', async () => {
      const release = await prepare({ environment: 1 });
      expect(read(release, 'build.json')).toMatchObject({
        NEXT_PUBLIC_API: 'canary-build',
        SWITCHYARD_COMMIT: release.commit,
        NODE_ENV: 'production',
      });
      expect(JSON.stringify(read(release, 'build.json'))).not.toMatch(/canary-(install|run)/);
      expect(JSON.stringify(read(release, 'test.json'))).not.toContain('canary');
      expect(readFileSync(path.join(home.releases, `${release.commit}.json`), 'utf8')).not.toContain(
        'canary',
      );
    });

    test('rebuilds it for changed build variables, but not for other variables', async () => {
      // npm authenticates with this token
      clone.write('.npmrc', '//npm.example/:_authToken=${NPM_TOKEN}\n');
      const first = await prepare({ environment: 1 });
      await writeInventory(first.dir);
      keep(3, { build: set({ NEXT_PUBLIC_API: 'canary-build' }), variables: set({ KEY: 'new' }) });
      expect(await prepareRelease(work(first.commit, { environment: 3 }))).toEqual(first);
      reported = [];
      const second = await prepareRelease(work(first.commit, { environment: 2 }));
      expect(reported[0]).toMatchObject({
        type: 'note',
        message: 'it is built again: the variables of its install or build have changed',
      });
      expect(read(second, 'build.json')).toMatchObject({ NEXT_PUBLIC_API: 'other' });
      expect(read(first, 'build.json')).toMatchObject({ NEXT_PUBLIC_API: 'canary-build' });
      await writeInventory(second.dir);
      // an earlier release is started without a rebuild
      expect(await prepareRelease(work(first.commit, { environment: 1, exactly: false }))).toEqual(second);
    });

    test('keeps the old build beside the new one, and it is restored unless the new one went live', async () => {
      const first = await prepare({ environment: 1 });
      const replace = (): Promise<Release> =>
        prepareRelease(work(first.commit, { environment: 2, deploymentId: 5 }));
      const second = await replace();
      expect(findRelease(home, first.commit, { by: 5, environment: 1 })).toEqual(first);
      expect(findRelease(home, first.commit, { by: 5, environment: 2 })).toEqual(second);
      // another deployment does not see the old build
      expect(findRelease(home, first.commit, { by: 6, environment: 1 })).toEqual(second);
      await removeHalfMade(home);
      expect(existsSync(first.dir)).toBe(true);

      expect(settleRelease(home, first.commit, 5, false)).toEqual(second);
      expect(findRelease(home, first.commit)).toEqual(first);

      const third = await replace();
      expect(settleRelease(home, first.commit, 5, true)).toBeNull();
      expect(findRelease(home, first.commit, { by: 5, environment: 1 })).toEqual(third);
      await removeHalfMade(home);
      expect(existsSync(first.dir)).toBe(false);
    });
  });

  test('starts again with new packages when the tested ones were changed', async () => {
    const record = 'if (!fs.existsSync("made")) fs.writeFileSync("made", require("tiny"));';
    settings({
      start: 'server.js',
      test: node(`${record} if (require("tiny") !== "1.0.0") process.exit(1)`),
    });
    const first = await prepare();
    await prelinkModules(home);
    const shared = path.join(first.dir, 'node_modules/tiny/index.js');
    chmodSync(shared, 0o644);
    writeFileSync(shared, 'module.exports = "changed"');
    reported = [];
    const second = await prepare();
    expect(phases().filter((phase) => /^test|^install/.test(phase))).toEqual([
      ...['install started', 'install done', 'test started', 'test failed'],
      ...['install started', 'install done', 'test started', 'test done'],
    ]);
    expect(reported).toContainEqual(expect.objectContaining({ type: 'warning' }));
    expect(readFileSync(path.join(second.dir, 'node_modules/tiny/index.js'), 'utf8')).toContain('1.0.0');
    expect(readFileSync(path.join(second.dir, 'made'), 'utf8')).toBe('1.0.0');
  });

  test('leaves no prepared files behind when it is aborted', async () => {
    await prepareNextCheckout(home, (await prepare()).commit);
    const before = readdirSync(home.releases);
    clone.write('server.js', '// changed');
    const aborted = AbortSignal.abort(new KnownError('E_ABORTED', 'It was aborted.'));
    expect(await failure({ signal: aborted })).toMatchObject({ code: 'E_ABORTED' });
    expect(readdirSync(home.releases)).toEqual(before);
  });

  test('skips npm ci for an unchanged lockfile', async () => {
    await prepare();
    clone.write('server.js', '// changed');
    await prepare();
    expect(log().match(/\$ npm ci/g)).toHaveLength(1);
    clone.manifest({}, { ...TINY, version: '2.0.0' });
    await prepare();
    expect(log().match(/\$ npm ci/g)).toHaveLength(2);
  });

  test('keeps executable bits, links and odd names, and leaves out .git', async () => {
    clone.write('run.sh', '#!/bin/sh\necho ran\n');
    execFileSync('chmod', ['755', path.join(clone.dir, 'run.sh')]);
    symlinkSync('run.sh', path.join(clone.dir, 'link'));
    const odd = ['$(touch pwned)', 'a; touch pwned', '-rf', "it's", 'é \n x'];
    for (const name of odd) clone.write(name, name);
    const { dir } = await prepare();
    expect(statSync(path.join(dir, 'run.sh')).mode & 0o777).toBe(0o755);
    expect(readlinkSync(path.join(dir, 'link'))).toBe('run.sh');
    for (const name of odd) expect(readFileSync(path.join(dir, name), 'utf8')).toBe(name);
    expect(readdirSync(dir)).not.toContain('.git');
    expect(existsSync(path.join(dir, 'pwned'))).toBe(false);
  });

  test("runs no filters of the user, whatever the commit's .gitattributes request", async () => {
    process.env.XDG_CONFIG_HOME = top;
    mkdirSync(path.join(top, 'git'));
    const filter = '[filter "evil"]\n\tsmudge = touch pwned; cat\n\tclean = cat\n\trequired = true\n';
    writeFileSync(path.join(top, 'git/config'), filter);
    try {
      clone.write('.gitattributes', '* filter=evil');
      const { dir } = await prepare();
      expect([dir, home.mirrorGit, process.cwd()].filter((at) => existsSync(path.join(at, 'pwned')))).toEqual(
        [],
      );
      expect(existsSync(path.join(dir, 'server.js'))).toBe(true);
    } finally {
      delete process.env.XDG_CONFIG_HOME;
    }
  });

  test('warns about submodules, Git LFS and a different Node version', async () => {
    // as git adds a repository inside another: without .gitmodules
    mkdirSync(path.join(clone.dir, 'vendor', 'lib'), { recursive: true });
    clone.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},vendor/lib`);
    clone.write('assets/.gitattributes', '*.bin filter=lfs');
    clone.manifest({ engines: { node: '>=99' } }, TINY);
    await prepare();
    const warnings = reported.flatMap((entry) => (entry.type === 'warning' ? [entry.message] : []));
    expect(warnings).toEqual([
      expect.stringContaining('submodules (vendor/lib)'),
      expect.stringContaining('Git LFS'),
      expect.stringContaining('Node >=99'),
    ]);
  });

  test.each([
    ['in .git', '.git/config'],
    ['outside', '../outside'],
    ['with a very long name', 'a'.repeat(300)],
  ])('a commit with a file %s is at fault', async (_what, name) => {
    clone.commit();
    const blob = clone.git('hash-object', '-w', 'server.js');
    const commit = commitWith(name.split('/'), `100644 blob ${blob}`);
    await sendCommit(home, clone.dir, commit);
    const refused = await prepareRelease(work(commit)).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'E_CHECKOUT', fault: 'commit' });
    expect(existsSync(releaseFolder(home, commit))).toBe(false);
  });

  test.each(['.npmrc', '.nvmrc', 'package-lock.json'])(
    'a folder or an endless link named %s is no such file',
    async (name) => {
      rmSync(path.join(clone.dir, 'package-lock.json'));
      clone.write('package.json', { name: 'plain' });
      clone.write(`${name}/file`, '');
      await prepare();
      rmSync(path.join(clone.dir, name), { recursive: true });
      symlinkSync(name, path.join(clone.dir, name));
      await prepare();
    },
  );

  test('a folder named deploy.config.js is refused', async () => {
    rmSync(path.join(clone.dir, 'deploy.config.js'));
    clone.write('deploy.config.js/file', '');
    expect(await failure()).toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringMatching(/^deploy.config.js cannot be read/),
    });
  });

  test('uses the defaults without deploy.config.js, and no npm without packages', async () => {
    rmSync(path.join(clone.dir, 'deploy.config.js'));
    rmSync(path.join(clone.dir, 'package-lock.json'));
    clone.write('package.json', { name: 'plain' });
    clone.write('dist/app/server.js', '');
    const release = await prepare();
    expect(release).toMatchObject({ version: '0.0.0', app: { start: 'dist/app/server.js', migrate: null } });
    expect(existsSync(path.join(release.dir, 'node_modules'))).toBe(false);
  });

  test('accepts a deploy.config.js that is an ES module', async () => {
    clone.write('package.json', { name: 'modern', type: 'module' });
    clone.write(
      'deploy.config.js',
      'export default { app: { start: "server.js", test: null, build: null, smoke: ["/x"] } }',
    );
    expect((await prepare()).app.smoke).toEqual(['/x']);
  });

  test('finds the release in a home that was moved', async () => {
    const { commit } = await prepare();
    const moved = path.join(top, 'moved');
    execFileSync('mv', [home.releases, moved]);
    expect(findRelease({ ...home, releases: moved }, commit)?.dir).toBe(path.join(moved, commit));
  });
});

describe("the commit's own code", () => {
  test('gets no secret, and NODE_ENV for its phase', async () => {
    process.env.WEBHOOK_SECRET = 'hidden';
    process.env.NODE_ENV = 'production';
    const show = 'console.log("env", process.env.NODE_ENV, process.env.WEBHOOK_SECRET, process.env.GIT_DIR)';
    clone.write(
      'deploy.config.js',
      `${show}; module.exports = { app: ${JSON.stringify({ start: 'server.js', test: node(show), build: node(show) })} }`,
    );
    try {
      await prepare();
    } finally {
      delete process.env.WEBHOOK_SECRET;
      process.env.NODE_ENV = 'test';
    }
    expect(log().match(/^env .*/gm)).toEqual([
      'env undefined undefined undefined',
      'env test undefined undefined',
      'env production undefined undefined',
    ]);
  });

  test('in deploy.config.js is rejected for an unknown key or a thrown error', async () => {
    clone.write('deploy.config.js', 'module.exports = { app: { strat: "x" } }');
    expect(await failure()).toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('app.strat'),
    });
    clone.write('deploy.config.js', 'throw new Error("broken on purpose")');
    expect(await failure()).toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('broken on purpose'),
    });
  });
});

describe('preparing fails and leaves no release', () => {
  afterEach(() => {
    expect(readdirSync(home.releases)).toEqual([]);
  });

  test('when the tests fail, with the exit code and the relevant line', async () => {
    settings({
      start: 'server.js',
      test: node('console.log("AssertionError: 1 is not 2"); process.exit(3)'),
    });
    const error = await failure();
    expect(error).toMatchObject({ code: 'E_TEST', fault: 'commit' });
    expect(error.message).toMatch(
      /^The tests \(node -e .*\) exited with code 3: AssertionError: 1 is not 2$/,
    );
    expect(phases().slice(-2)).toEqual(['test started', 'test failed']);
    expect(log()).toContain('AssertionError');
  });

  test('when the build fails', async () => {
    settings({ start: 'server.js', build: node('throw new Error("no such module")') });
    expect(await failure()).toMatchObject({
      code: 'E_BUILD',
      message: expect.stringContaining('no such module'),
    });
  });

  test.each(['dist/server.js', '../../../etc/passwd', '.'])(
    'when the start file %s does not exist',
    async (start) => {
      settings({ start });
      expect(await failure()).toMatchObject({
        code: 'E_BUILD',
        message: expect.stringContaining(`has no ${start}, which app.start names`),
      });
    },
  );

  test('when the tests never end', async () => {
    settings({ start: 'server.js', test: ['sleep', '300'] });
    const error = await failure({ limits: { install: 60, test: 1, build: 60 } });
    expect(error).toMatchObject({ code: 'E_TIMEOUT', fault: 'machine' });
    expect(error.message).toMatch(
      /^The tests \(sleep 300\) took longer than 1 s \(limits\.test\); as little as [\d,]+ MB of memory was free\.$/,
    );
  });

  test.each(['test', 'build'])('when the %s was killed, directly or under npm', async (step) => {
    const noun = step === 'test' ? 'The tests' : 'The build';
    clone.manifest({ scripts: { dies: 'node -e "process.kill(process.pid, 9)"' } }, TINY);
    for (const argv of [node('process.kill(process.pid, "SIGKILL")'), ['npm', 'run', '-s', 'dies']]) {
      settings({ start: 'server.js', [step]: argv });
      const error = await failure();
      expect(error).toMatchObject({ code: 'E_KILLED', fault: 'machine' });
      expect(error.message).toMatch(/killed by SIGKILL \(as little as [\d,]+ MB of memory was free\)$/);
      expect(error.message.startsWith(`${noun} (${argv[0]} `)).toBe(true);
    }
  });

  test("when Node's heap is full", async () => {
    const argv = [
      'node',
      '--max-old-space-size=20',
      '-e',
      'const a = []; for (;;) a.push(Array(1e5).fill(1.5))',
    ];
    settings({ start: 'server.js', build: argv });
    const error = await failure();
    expect(error).toMatchObject({ code: 'E_KILLED', fault: 'machine' });
    expect(error.message).toMatch(/ran out of memory and was killed by SIGABRT .*heap out of memory$/);
  });

  test('when the build finds no network', async () => {
    settings({ start: 'server.js', build: node('throw new Error("getaddrinfo EAI_AGAIN fonts.host")') });
    expect(await failure()).toMatchObject({ code: 'E_NETWORK', fault: 'machine' });
  });

  test('when an install script was killed', async () => {
    clone.manifest({ scripts: { preinstall: 'kill -9 $$' } }, TINY);
    const error = await failure();
    expect(error).toMatchObject({ code: 'E_KILLED', fault: 'machine' });
    expect(error.message).toMatch(/^npm ci was killed by SIGKILL/);
  });

  test('when the disk is full', async () => {
    settings({
      start: 'server.js',
      build: node('console.error("ENOSPC: no space left on device, write"); process.exit(1)'),
    });
    expect(await failure()).toMatchObject({ code: 'E_DISK', fault: 'machine' });
  });

  test('when an operator aborts it', async () => {
    settings({ start: 'server.js', test: ['sleep', '300'] });
    const aborted = new AbortController();
    const abortInTest = (entry: Entry): void => {
      if (entry.type !== 'phase' || entry.phase !== 'test' || entry.status !== 'started') return;
      aborted.abort(new KnownError('E_ABORTED', 'It was aborted.'));
      void killCommands();
    };
    // like deployment.ts on SIGTERM
    const killCommands = async (): Promise<void> => {
      while ((await killMarkedProcesses(home, 1)) === 0);
    };
    expect(await failure({ signal: aborted.signal, report: abortInTest })).toMatchObject({
      code: 'E_ABORTED',
    });
  });

  test('when the mirror does not have the commit', async () => {
    await sendCommit(home, clone.dir, clone.commit());
    await expect(prepareRelease(work('0'.repeat(40)))).rejects.toMatchObject({ code: 'E_REF' });
  });
});

test('a killed preparation leaves commands that can be killed and a half-made release that is removed', async () => {
  const good = await prepare();
  const started = path.join(top, 'started');
  settings({
    start: 'server.js',
    test: node(`fs.writeFileSync(${JSON.stringify(started)}, ''); setTimeout(() => {}, 3e5)`),
  });
  const commit = clone.commit();
  await sendCommit(home, clone.dir, commit);
  const child = startProgram('preparing.ts', home.dir, commit);
  afterwards(() => killMarkedProcesses(home, 9));
  while (!existsSync(started)) await sleep(20);
  child.kill('SIGKILL');
  await once(child, 'exit');

  expect(await killMarkedProcesses(home, 9)).toBeGreaterThan(0);
  expect(existsSync(releaseFolder(home, commit))).toBe(true);
  expect(findRelease(home, commit)).toBeNull();
  await removeHalfMade(home);
  expect(readdirSync(home.releases).sort()).toEqual([good.commit, `${good.commit}.json`].sort());
  expect(findRelease(home, good.commit)).toEqual(good);
});
