import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Home } from '../../deploy/home/home';
import { importModules, installModules } from '../../deploy/release/packages/install';
import { prelinkModules } from '../../deploy/release/packages/prelink';
import { removeHalfMade } from '../../deploy/release/releases';
import { whileWriting } from '../support/writer';
import type { Repository } from '../support/repository';
import { homeAndClone } from '../support/repository';

const TINY = { name: 'tiny', version: '1.0.0' };

let home: Home;
let clone: Repository;
let top: string;
let empty: string;

beforeEach(() => {
  ({ home, clone, top } = homeAndClone());
  empty = path.join(top, 'empty');
  mkdirSync(empty);
  writeFileSync(path.join(empty, 'package.json'), '{}');
});

/** Copies the clone as a checkout would, without git. */
function release(name: string): string {
  const dir = path.join(home.releases, name);
  cpSync(clone.dir, dir, { recursive: true, filter: (file) => !/\/(\.git|node_modules)$/.test(file) });
  return dir;
}

/** Installs and returns the origin of the packages, or 'changed' when they turn out to be damaged. */
async function install(
  dir: string,
  root = empty,
  limitSeconds = 60,
  variables: Record<string, string> = {},
): Promise<string> {
  const work = { home, root, dir, deploymentId: 1, limitSeconds, variables };
  const { origin, intact } = await installModules(work);
  return (await intact) ? origin : 'changed';
}
const inode = (...parts: string[]): number => statSync(path.join(...parts)).ino;
const store = (): string => path.join(home.modules, readdirSync(home.modules)[0] as string);

test("a commit's own node_modules link is replaced, and nothing outside the release is written", async () => {
  clone.manifest({}, TINY);
  const outside = path.join(top, 'outside');
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'precious'), '');
  for (const [name, origin] of [
    ['one', 'npm ci'],
    ['two', 'store'],
  ] as const) {
    const dir = release(name);
    symlinkSync(outside, path.join(dir, 'node_modules'));
    expect(await install(dir)).toBe(origin);
    expect(lstatSync(path.join(dir, 'node_modules')).isDirectory()).toBe(true);
    expect(existsSync(path.join(dir, 'node_modules/tiny/index.js'))).toBe(true);
  }
  expect(readdirSync(outside)).toEqual(['precious']);
});

describe('a lockfile', () => {
  test('is installed once, and the next release shares the files', async () => {
    clone.manifest({}, TINY);
    const [one, two] = [release('one'), release('two')];
    expect(await install(one)).toBe('npm ci');
    expect(await install(two)).toBe('store');
    expect(inode(one, 'node_modules/tiny/index.js')).toBe(inode(two, 'node_modules/tiny/index.js'));
    expect(inode(one, 'node_modules')).not.toBe(inode(two, 'node_modules'));
  });

  test('that has changed is installed again', async () => {
    clone.manifest({}, TINY);
    await install(release('one'));
    clone.manifest({}, { ...TINY, version: '1.1.0' });
    const two = release('two');
    expect(await install(two)).toBe('npm ci');
    expect(readFileSync(path.join(two, 'node_modules/tiny/index.js'), 'utf8')).toContain('1.1.0');
  });

  test('of a project with an install script is installed every time', async () => {
    clone.manifest({ scripts: { postinstall: 'touch made' } }, TINY);
    for (const name of ['one', 'two']) {
      const dir = release(name);
      expect(await install(dir)).toBe('npm ci');
      expect(existsSync(path.join(dir, 'made'))).toBe(true);
    }
  });

  test('with a workspace is installed with links inside the release', async () => {
    const top = { name: 'app', workspaces: ['packages/a'] };
    clone.write('package.json', top);
    clone.write('packages/a/package.json', { name: 'a', version: '1.0.0' });
    clone.write('package-lock.json', {
      name: 'app',
      lockfileVersion: 3,
      packages: {
        '': top,
        'packages/a': { version: '1.0.0' },
        'node_modules/a': { resolved: 'packages/a', link: true },
      },
    });
    const dir = release('one');
    expect(await install(dir)).toBe('npm ci');
    expect(readlinkSync(path.join(dir, 'node_modules/a'))).toBe('../packages/a');
  });
});

describe('packages linked ahead', () => {
  const ready = (): string => path.join(store(), 'ready');

  beforeEach(async () => {
    clone.manifest({}, TINY);
    await install(release('one'));
    await prelinkModules(home);
  });

  test('are given to the next release only', async () => {
    const linked = inode(ready());
    const [two, three] = [release('two'), release('three')];
    expect(await install(two)).toBe('store');
    expect(inode(two, 'node_modules')).toBe(linked);
    expect(readdirSync(path.join(two, 'node_modules/tiny'))).toContain('index.js');
    expect(await install(three)).toBe('store');
    expect(inode(three, 'node_modules')).not.toBe(linked);
  });

  test('with a changed file are detected, and the next install runs npm ci', async () => {
    const file = path.join(ready(), 'tiny/index.js');
    chmodSync(file, 0o644);
    appendFileSync(file, '// damaged');
    const two = release('two');
    expect(await install(two)).toBe('changed');
    expect(await install(two)).toBe('npm ci');
    expect(readFileSync(path.join(two, 'node_modules/tiny/index.js'), 'utf8')).not.toContain('damaged');
  });

  test('from a damaged store that cannot be removed are still detected, without an unhandled rejection', async () => {
    rmSync(path.join(store(), 'node_modules/tiny/index.js'));
    const results: boolean[] = [];
    await whileWriting(path.join(store(), 'more'), async () => {
      const { intact } = await installModules({
        home,
        root: empty,
        dir: release('two'),
        deploymentId: 1,
        limitSeconds: 60,
        variables: {},
      });
      results.push(await intact);
    });
    expect(results).toEqual([false]);
  });

  test('are intact for a release whose tests write into node_modules', async () => {
    const two = release('two');
    const { intact } = await installModules({
      home,
      root: empty,
      dir: two,
      deploymentId: 1,
      limitSeconds: 60,
      variables: {},
    });
    mkdirSync(path.join(two, 'node_modules/.cache'));
    writeFileSync(path.join(two, 'node_modules/.cache/results'), '');
    expect(await intact).toBe(true);
  });

  test('of other packages are not used', async () => {
    clone.manifest({}, { ...TINY, version: '1.1.0' });
    const two = release('two');
    expect(await install(two)).toBe('npm ci');
    expect(readFileSync(path.join(two, 'node_modules/tiny/index.js'), 'utf8')).toContain('1.1.0');
  });

  test('are not created from a store that a build has changed, and the next install runs npm ci', async () => {
    const two = release('two');
    await install(two);
    const built = path.join(two, 'node_modules/tiny/index.js');
    chmodSync(built, 0o644);
    appendFileSync(built, '// generated');
    await prelinkModules(home);
    expect(existsSync(ready())).toBe(false);
    expect(await install(release('three'))).toBe('npm ci');
  });

  test('replace half-made links of a killed process', async () => {
    rmSync(ready(), { recursive: true });
    mkdirSync(path.join(store(), 'ready-abc'));
    await prelinkModules(home);
    expect(readdirSync(store()).filter((name) => name.startsWith('ready'))).toEqual(['ready']);
  });
});

describe('the node_modules of a release', () => {
  test('have package files that an ordinary user cannot write', async () => {
    clone.manifest({}, TINY);
    const one = release('one');
    await install(one);
    expect(statSync(path.join(one, 'node_modules/tiny/index.js')).mode & 0o222).toBe(0);
  });

  test('have their own writable copy of generated files in a dot folder', async () => {
    // the install script creates a stub that a generator later replaces, as with Prisma
    const stub = `fs.mkdirSync('../.client', { recursive: true }); fs.writeFileSync('../.client/index.js', 'stub')`;
    clone.manifest(
      {},
      { name: 'generator', version: '1.0.0', files: { 'install.js': `const fs = require('fs'); ${stub}` } },
    );
    const [one, two] = [release('one'), release('two')];
    await install(one);
    await install(two);
    const generated = 'node_modules/.client/index.js';
    expect(inode(one, generated)).not.toBe(inode(two, generated));
    expect(statSync(path.join(two, generated)).mode & 0o200).toBe(0o200);
    writeFileSync(path.join(two, generated), 'of two');
    expect(readFileSync(path.join(one, generated), 'utf8')).toBe('stub');
    expect(await install(release('three'))).toBe('store');
  });

  test('with a changed package file are not shared, and the next release is installed again', async () => {
    clone.manifest({}, TINY);
    const one = release('one');
    await install(one);
    const shared = path.join(one, 'node_modules/tiny/index.js');
    chmodSync(shared, 0o644);
    appendFileSync(shared, '// damaged');
    const two = release('two');
    expect(await install(two)).toBe('npm ci');
    expect(readFileSync(path.join(two, 'node_modules/tiny/index.js'), 'utf8')).not.toContain('damaged');
    expect(await install(release('three'))).toBe('store');
  });

  test('can be removed without affecting other releases', async () => {
    clone.manifest({}, TINY);
    const one = release('one');
    await install(one);
    rmSync(one, { recursive: true });
    const two = release('two');
    expect(await install(two)).toBe('store');
    expect(readFileSync(path.join(two, 'node_modules/tiny/index.js'), 'utf8')).toContain('1.0.0');
  });
});

describe('an install that npm reports as successful', () => {
  /** A package whose install script damages unpacked packages, every time or only the first time. */
  const spoiler = (spoil: string, always: boolean): Parameters<Repository['manifest']>[1] => {
    const mark = JSON.stringify(path.join(top, 'spoiled'));
    const script = `const fs = require('fs'); if (${always} || !fs.existsSync(${mark})) { ${spoil} } fs.writeFileSync(${mark}, '');`;
    return { name: 'spoiler', version: '1.0.0', files: { 'install.js': script } };
  };
  const WAYS: [string, string][] = [
    ['lacks a package', `fs.rmSync('../tiny', { recursive: true })`],
    ['has a package without its package.json', `fs.rmSync('../tiny/package.json')`],
    ['has an empty package.json', `fs.writeFileSync('../tiny/package.json', '')`],
    [
      'has another version of a package',
      `fs.writeFileSync('../tiny/package.json', '{"name":"tiny","version":"0.9.0"}')`,
    ],
  ];

  test.each(WAYS)('but %s is repeated, and only the complete one is stored', async (_how, spoil) => {
    clone.manifest({}, TINY, spoiler(spoil, false));
    const one = release('one');
    expect(await install(one)).toBe('npm ci');
    expect(readFileSync(path.join(one, 'node_modules/tiny/package.json'), 'utf8')).toContain('1.0.0');
    const two = release('two');
    expect(await install(two)).toBe('store');
    expect(readFileSync(path.join(two, 'node_modules/tiny/package.json'), 'utf8')).toContain('1.0.0');
  });

  test.each(WAYS)(
    'but %s every time: the install fails, names the package and stores nothing',
    async (_how, spoil) => {
      clone.manifest({}, TINY, spoiler(spoil, true));
      const failure: unknown = await install(release('one')).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'E_INSTALL_MACHINE', fault: 'machine' });
      expect((failure as Error).message).toContain('node_modules/tiny (1.0.0)');
      expect(readdirSync(home.modules)).toEqual([]);
    },
  );
});

describe('a stored set of packages', () => {
  const DAMAGES: [string, () => void][] = [
    ['lacks a file', () => rmSync(path.join(store(), 'node_modules/tiny/index.js'))],
    ['lacks a link', () => rmSync(path.join(store(), 'node_modules/.bin/tiny'))],
    ['lacks all its files', () => rmSync(path.join(store(), 'node_modules'), { recursive: true })],
    ['lacks its fingerprint', () => rmSync(path.join(store(), 'fingerprint'))],
    ['has an empty fingerprint', () => writeFileSync(path.join(store(), 'fingerprint'), '')],
    ['has an empty file', () => truncateSync(path.join(store(), 'node_modules/tiny/index.js'))],
  ];

  test.each(DAMAGES)('that %s is installed again, and the note says so', async (_how, damage) => {
    clone.manifest({}, { ...TINY, files: { 'index.js': 'tiny', 'bin.js': '#!/usr/bin/env node' } });
    await install(release('one'));
    damage();
    const { origin, instead } = await installModules({
      home,
      root: empty,
      dir: release('two'),
      deploymentId: 1,
      limitSeconds: 60,
      variables: {},
    });
    expect({ origin, instead }).toEqual({
      origin: 'npm ci',
      instead: 'the stored packages were damaged',
    });
    expect(await install(release('three'))).toBe('store');
  });
});

describe("the clone's own node_modules", () => {
  beforeEach(() => clone.manifest({}, TINY));
  const npmCi = (): Buffer => execFileSync('npm', ['ci', '--offline', '--silent'], { cwd: clone.dir });

  test('are copied for the first release', async () => {
    npmCi();
    const dir = release('one');
    expect(await install(dir, clone.dir)).toBe('clone');
    const file = 'node_modules/tiny/index.js';
    expect(inode(dir, file)).not.toBe(inode(clone.dir, file));
    expect(statSync(path.join(clone.dir, file)).mode & 0o200).toBe(0o200);
  });

  test('are adopted into the store', async () => {
    npmCi();
    expect(await importModules(home, clone.dir)).toBe(true);
    expect(await install(release('one'))).toBe('store');
  });

  test('are adopted without their cache', async () => {
    npmCi();
    clone.write('node_modules/.cache/x', '1');
    await importModules(home, clone.dir);
    expect(existsSync(path.join(store(), 'node_modules/tiny'))).toBe(true);
    expect(existsSync(path.join(store(), 'node_modules/.cache'))).toBe(false);
  });

  test.each([
    ['are missing', (): void => {}],
    [
      'belong to an older lockfile',
      (): void => {
        npmCi();
        clone.manifest({}, { ...TINY, version: '2.0.0' });
        // like npm install --package-lock-only, which updates its metadata but installs nothing
        cpSync(
          path.join(clone.dir, 'package-lock.json'),
          path.join(clone.dir, 'node_modules/.package-lock.json'),
        );
      },
    ],
    [
      'contain a package that the lockfile does not name',
      (): void => {
        clone.manifest({}, TINY, { name: 'extra', version: '1.0.0' });
        npmCi();
        clone.manifest({}, TINY);
        cpSync(
          path.join(clone.dir, 'package-lock.json'),
          path.join(clone.dir, 'node_modules/.package-lock.json'),
        );
      },
    ],
    [
      'lack a package',
      (): void => {
        npmCi();
        rmSync(path.join(clone.dir, 'node_modules/tiny'), { recursive: true });
      },
    ],
    [
      'contain a link',
      (): void => {
        npmCi();
        symlinkSync(empty, path.join(clone.dir, 'node_modules/linked'));
      },
    ],
  ])('are not used when they %s', async (_why, spoil) => {
    spoil();
    expect(await importModules(home, clone.dir)).toBe(false);
    expect(readdirSync(home.modules)).toEqual([]);
    expect(await install(release('one'), clone.dir)).toBe('npm ci');
  });
});

describe('installing packages', () => {
  const failure = (dir: string, limitSeconds?: number): Promise<unknown> =>
    install(dir, empty, limitSeconds).catch((error: unknown) => error);

  test('fails without package.json', async () => {
    expect(await failure(release('one'))).toMatchObject({
      code: 'E_INSTALL',
      message: 'This commit has no package.json.',
    });
  });

  test('fails without a lockfile', async () => {
    clone.write('package.json', { dependencies: { tiny: '1' } });
    expect(await failure(release('one'))).toMatchObject({
      code: 'E_INSTALL',
      hint: 'Run npm install once and commit package-lock.json.',
    });
  });

  test.each([
    ['pnpm-lock.yaml', 'pnpm'],
    ['yarn.lock', 'Yarn'],
    ['bun.lockb', 'Bun'],
  ])('fails with only %s, the lockfile of another package manager', async (file, manager) => {
    clone.write('package.json', { dependencies: { tiny: '1' } });
    clone.write(file, '');
    expect(await failure(release('one'))).toMatchObject({
      code: 'E_INSTALL',
      message: `This commit has ${file} of ${manager} and no package-lock.json, and Switchyard installs with npm.`,
      hint: 'Commit that file too: npm install --package-lock-only && git add package-lock.json',
    });
  });

  test.each(['null', '[]', '"text"', '5', 'true'])(
    'fails with a package.json of %s, which is not an object',
    async (text) => {
      const dir = release('one');
      writeFileSync(path.join(dir, 'package.json'), text);
      expect(await failure(dir)).toMatchObject({
        code: 'E_INSTALL',
        message: 'package.json is valid JSON, but not an object.',
      });
    },
  );

  test.each([
    ['null', 'package-lock.json is valid JSON, but not an object.'],
    ['{"packages": "x"}', '"packages" in package-lock.json is not a list of packages.'],
    [
      '{"packages": {"node_modules/tiny": null}}',
      '"packages" in package-lock.json is not a list of packages.',
    ],
  ])('fails with a lockfile of %s', async (text, message) => {
    clone.manifest({}, TINY);
    const dir = release('one');
    writeFileSync(path.join(dir, 'package-lock.json'), text);
    expect(await failure(dir)).toMatchObject({ code: 'E_INSTALL', message });
  });

  test('fails with a folder instead of package.json', async () => {
    const dir = release('one');
    mkdirSync(path.join(dir, 'package.json'));
    expect(await failure(dir)).toMatchObject({ message: 'This commit has no package.json.' });
  });

  test('ignores a byte order mark, as npm does', async () => {
    clone.manifest({}, TINY);
    const dir = release('one');
    for (const name of ['package.json', 'package-lock.json']) {
      const file = path.join(dir, name);
      writeFileSync(file, `\uFEFF${readFileSync(file, 'utf8')}`);
    }
    expect(await install(dir)).toBe('npm ci');
  });

  test('succeeds when there is nothing to install', async () => {
    clone.write('package.json', { name: 'app' });
    const dir = release('one');
    expect(await install(dir)).toBe('none');
    expect(existsSync(path.join(dir, 'node_modules'))).toBe(false);
  });

  test('fails with an outdated lockfile as a fault of the commit', async () => {
    clone.manifest({}, TINY);
    const manifest = JSON.parse(readFileSync(path.join(clone.dir, 'package.json'), 'utf8'));
    clone.write('package.json', {
      ...manifest,
      dependencies: { ...manifest.dependencies, other: 'file:vendor/tiny-1.0.0.tgz' },
    });
    expect(await failure(release('one'))).toMatchObject({
      code: 'E_INSTALL',
      fault: 'commit',
      hint: 'Run npm install and commit package-lock.json.',
    });
    expect(readdirSync(home.modules)).toEqual([]);
  });

  test('fails with a registry that is down as a fault of the machine', async () => {
    clone.write('.npmrc', 'registry=http://127.0.0.1:1/\nfetch-retries=0\n');
    clone.write('package.json', { name: 'app', dependencies: { 'no-such-thing-here': '1.0.0' } });
    clone.write('package-lock.json', {
      lockfileVersion: 3,
      packages: {
        '': { name: 'app', dependencies: { 'no-such-thing-here': '1.0.0' } },
        'node_modules/no-such-thing-here': {
          version: '1.0.0',
          resolved: 'http://127.0.0.1:1/no-such-thing-here/-/no-such-thing-here-1.0.0.tgz',
          integrity: `sha512-${'A'.repeat(86)}==`,
        },
      },
    });
    expect(await failure(release('one'))).toMatchObject({ code: 'E_INSTALL_MACHINE', fault: 'machine' });
  });

  test('is stopped at its limit', async () => {
    clone.manifest({ scripts: { preinstall: 'sleep 300' } }, TINY);
    expect(await failure(release('one'), 2)).toMatchObject({ code: 'E_TIMEOUT' });
  });
});

test('a half-made store of a killed deployment is removed, and complete ones stay', async () => {
  clone.manifest({}, TINY);
  await install(release('one'));
  const whole = readdirSync(home.modules);
  mkdirSync(path.join(home.modules, 'abc.partial/node_modules'), { recursive: true });
  mkdirSync(path.join(home.modules, 'def/node_modules'), { recursive: true });
  await removeHalfMade(home);
  expect(readdirSync(home.modules)).toEqual(whole);
  expect(lstatSync(store()).isDirectory()).toBe(true);
});

describe('a registry with authentication', () => {
  let registry: Server;
  let authorizations: (string | undefined)[];
  beforeEach(async () => {
    authorizations = [];
    clone.manifest({}, TINY);
    const archive = readFileSync(path.join(clone.dir, 'vendor/tiny-1.0.0.tgz'));
    registry = createServer((request, response) => {
      authorizations.push(request.headers.authorization);
      const isKnown = request.headers.authorization === 'Bearer canary-token';
      response.writeHead(isKnown ? 200 : 401).end(isKnown ? archive : '{"error":"who are you"}');
    });
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    const { port } = registry.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/tiny/-/tiny-1.0.0.tgz`;
    const lock = JSON.parse(readFileSync(path.join(clone.dir, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { resolved?: string; dependencies?: object }>;
    };
    const manifest = { name: 'app', version: '1.0.0', dependencies: { tiny: '1.0.0' } };
    lock.packages[''] = manifest;
    (lock.packages['node_modules/tiny'] as { resolved: string }).resolved = url;
    clone.write('package.json', manifest);
    clone.write('package-lock.json', lock);
    clone.write(
      '.npmrc',
      // npm's usual cache may know the package by its hash, and would not ask the registry
      `registry=http://127.0.0.1:${port}/\n//127.0.0.1:${port}/:_authToken=\${NPM_TOKEN}\ncache=${path.join(home.dir, 'npm-cache')}\n`,
    );
  });
  afterEach(() => new Promise((resolve) => registry.close(resolve)));

  test('gets the token of the install, and a new token causes no new install', async () => {
    expect(await install(release('one'), empty, 60, { NPM_TOKEN: 'canary-token' })).toBe('npm ci');
    expect(authorizations).toEqual(['Bearer canary-token']);
    expect(await install(release('two'), empty, 60, { NPM_TOKEN: 'newer-token' })).toBe('store');
    // but a variable that may change the packages does
    const variables = { NPM_TOKEN: 'canary-token', npm_config_omit: 'optional' };
    expect(await install(release('three'), empty, 60, variables)).toBe('npm ci');
    expect(readdirSync(home.modules).join()).not.toContain('canary');
  });

  test('makes the install fail without the token, and the error names the variable', async () => {
    await expect(install(release('one'))).rejects.toMatchObject({
      code: 'E_ENV',
      message: expect.stringMatching(
        /^\.npmrc refers to NPM_TOKEN, which is not set for the install: npm ci failed: 401 Unauthorized/,
      ),
      hint: expect.stringContaining('./switchyard env set --for install NPM_TOKEN && '),
    });
  });

  test('makes the install fail with a wrong token, and the error does not call it unset', async () => {
    await expect(install(release('one'), empty, 60, { NPM_TOKEN: 'wrong' })).rejects.toMatchObject({
      code: 'E_INSTALL_MACHINE',
    });
  });
});
