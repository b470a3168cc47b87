/** The Dockerfile installs, builds and sets file permissions as a deployment without containers does. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Release } from '../../deploy/core/release';
import { createFolderPacking } from '../../deploy/release/artifact/folder';
import { installModules } from '../../deploy/release/packages/install';
import { composeFixture, docker, type ComposeFixture } from '../support/compose';
import { docker as engine, needs } from '../support/needs';
import { repository } from '../support/repository';

jest.setTimeout(300_000);

const REPOSITORY = path.resolve(__dirname, '..', '..');
const TOKEN = 'canary-token-1';

/** Prints what the app would find. */
const CHECK = `const fs = require('fs');
const found = (name) => { try { return require(name); } catch { return null; } };
console.log(JSON.stringify({ tiny: found('tiny'), generated: found('./node_modules/.client/index.js'),
  client: found('generated-client'), a: found('a'), made: fs.existsSync('made-by-postinstall'),
  built: found('./built.json'), tool: fs.existsSync('tool.sh') && fs.statSync('tool.sh').mode.toString(8).slice(-3) }));`;

/** Writes into node_modules as generators and patches do. */
const BUILD = `const fs = require('fs');
for (const [file, text] of [['.client/index.js', '"a client"'], ['generated-client/index.js', '"another client"'], ['tiny/index.js', '"patched"']]) {
  fs.mkdirSync('node_modules/' + file.split('/')[0], { recursive: true });
  fs.rmSync('node_modules/' + file, { force: true });
  fs.writeFileSync('node_modules/' + file, 'module.exports = ' + text);
}
const { OWN_LOOK, SWITCHYARD_COMMIT, NPM_TOKEN = null } = process.env;
fs.writeFileSync('built.json', JSON.stringify({ OWN_LOOK, SWITCHYARD_COMMIT, NPM_TOKEN, dev: require('dev-tool') }));`;

needs('docker', engine).describe('the Dockerfile', () => {
  let context: ComposeFixture;
  let registry: Server;
  let archives: Record<string, Buffer>;

  beforeAll(async () => {
    context = await composeFixture();
    archives = {};
    registry = createServer((request, response) => {
      const archive = archives[path.basename(request.url ?? '')];
      const isKnown = request.headers.authorization === `Bearer ${TOKEN}`;
      response.writeHead(isKnown && archive ? 200 : 401).end(isKnown ? archive : '{}');
    });
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    mkdirSync(context.home.env, { recursive: true });
    mkdirSync(context.home.modules, { recursive: true });
    mkdirSync(context.home.releases, { recursive: true });
    const set = (values: Record<string, string>): object =>
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, at: 1 }]));
    const environment = {
      install: set({ NPM_TOKEN: TOKEN }),
      build: set({ OWN_LOOK: "it's $5" }),
      variables: {},
    };
    writeFileSync(path.join(context.home.env, '1.json'), JSON.stringify(environment));
  });
  afterAll(async () => {
    registry.close();
    await context.clear();
  });

  /** A commit, checked out with a strict umask. */
  function checkedOut(digits: string, files: Record<string, string>, manifest: object = {}): Release {
    const dir = path.join(context.home.releases, digits.padEnd(40, '0'));
    const project = repository(dir);
    project.manifest({}, { name: 'tiny', version: '1.0.0' }, { name: 'dev-tool', version: '2.0.0' });
    const lock = JSON.parse(readFileSync(path.join(dir, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, object>;
    };
    const { port } = registry.address() as AddressInfo;
    for (const [name, version] of [
      ['tiny', '1.0.0'],
      ['dev-tool', '2.0.0'],
    ] as const) {
      const file = `${name}-${version}.tgz`;
      archives[file] = readFileSync(path.join(dir, 'vendor', file));
      const dev = name === 'dev-tool' && { dev: true };
      const resolved = `http://127.0.0.1:${port}/${name}/-/${file}`;
      lock.packages[`node_modules/${name}`] = { ...lock.packages[`node_modules/${name}`], resolved, ...dev };
    }
    const own = {
      name: 'app',
      version: '1.0.0',
      dependencies: { tiny: '1.0.0' },
      devDependencies: { 'dev-tool': '2.0.0' },
      ...manifest,
    };
    lock.packages[''] = own;
    if ('workspaces' in manifest) {
      lock.packages['node_modules/a'] = { resolved: 'packages/a', link: true };
      lock.packages['packages/a'] = { version: '1.0.0' };
    }
    project.write('package.json', own);
    project.write('package-lock.json', lock);
    project.write(
      '.npmrc',
      `registry=http://127.0.0.1:${port}/\n//127.0.0.1:${port}/:_authToken=\${NPM_TOKEN}\n`,
    );
    for (const [file, text] of Object.entries({ 'check.js': CHECK, 'build.js': BUILD, ...files }))
      project.write(file, text);
    for (const file of ['Dockerfile', '.dockerignore'])
      cpSync(path.join(REPOSITORY, file), path.join(dir, file));
    writeFileSync(path.join(dir, 'tool.sh'), '#!/bin/sh\n', { mode: 0o755 });
    execFileSync('rm', ['-rf', path.join(dir, '.git'), path.join(dir, 'vendor')]);
    execFileSync('chmod', ['-R', 'go-rwx', dir]);
    const app = {
      start: 'check.js',
      test: null,
      build: ['node', 'build.js'],
      migrate: null,
      health: '/health',
      smoke: [],
    };
    return { commit: digits.padEnd(40, '0'), version: '1.0.0', subject: 'x', dir, app };
  }

  async function inImage(release: Release): Promise<unknown> {
    await context.packing.pack(release, 1, 1);
    const end = await context.packing.runOnce(['node', 'check.js'], release, 1, 1);
    return JSON.parse(end.lastLines.at(-1) ?? '');
  }

  /** The same commit without containers. */
  async function asProcess(release: Release): Promise<unknown> {
    const { home } = context;
    const variables = { NPM_TOKEN: TOKEN };
    const { dir } = release;
    const work = { home, root: context.dir, dir, deploymentId: 2, limitSeconds: 120, variables };
    await installModules(work);
    const limits = { test: 60, build: 60, migrate: 60 };
    const packing = createFolderPacking({ home, limits });
    await packing.pack(release, 2, 1);
    const end = await packing.runOnce(['node', 'check.js'], release, 2, 1);
    return JSON.parse(end.lastLines.at(-1) ?? '');
  }

  const expected = (commit: string): object => ({
    tiny: 'patched',
    generated: 'a client',
    client: 'another client',
    built: { OWN_LOOK: "it's $5", SWITCHYARD_COMMIT: commit, NPM_TOKEN: null, dev: '2.0.0' },
  });

  it('keeps what a build writes into node_modules, for the user of the container', async () => {
    const release = checkedOut('a1', {});
    const found = await inImage(release);
    expect(found).toMatchObject({ ...expected(release.commit), a: null, tool: '755' });
    expect(await asProcess(release)).toMatchObject(expected(release.commit));
    const image = `${context.config.name}:${release.commit}`;
    expect(docker('history', '--no-trunc', image) + docker('inspect', image)).not.toMatch(/canary|it's/);
    const run = ['run', '--rm', image, 'ls', '-a', 'node_modules', '.'];
    expect(docker(...run)).not.toMatch(/dev-tool|\.npmrc/);
  });

  it('installs workspaces, and runs the install scripts of the project', async () => {
    const files = {
      'packages/a/package.json': JSON.stringify({ name: 'a', version: '1.0.0', main: 'index.js' }),
      'packages/a/index.js': 'module.exports = "a workspace";\n',
      'install.js': "require('fs').writeFileSync('made-by-postinstall', '');\n",
    };
    const manifest = { workspaces: ['packages/a'], scripts: { postinstall: 'node install.js' } };
    const release = checkedOut('b2', files, manifest);
    const wanted = { ...expected(release.commit), a: 'a workspace', made: true };
    expect(await inImage(release)).toMatchObject(wanted);
    expect(await asProcess(release)).toMatchObject(wanted);
    const image = `${context.config.name}:${release.commit}`;
    expect(docker('run', '--rm', image, 'ls', 'node_modules')).not.toContain('dev-tool');
  });

  it('is refused if it does not mount the variables', async () => {
    const release = checkedOut('c3', { Dockerfile: 'FROM scratch\n' });
    writeFileSync(path.join(release.dir, 'Dockerfile'), 'FROM scratch\n');
    await expect(context.packing.pack(release, 3, 1)).rejects.toMatchObject({
      code: 'E_ENV',
      message:
        "NPM_TOKEN is set for the install, but this commit's Dockerfile does not mount the secret install-variables.",
    });
  });
});
