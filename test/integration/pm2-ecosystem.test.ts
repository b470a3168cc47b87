import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Release } from '../../deploy/core/release';
import { Journal } from '../../deploy/journal/journal';
import { completeRelease, releaseFolder } from '../../deploy/release/releases';
import { createPm2Runtime } from '../../deploy/runtimes/pm2';
import { ensurePm2 } from '../../deploy/runtimes/pm2/daemon';
import { pm2Environment } from '../../deploy/runtimes/pm2/definitions';
import { ecosystem } from '../../deploy/pm2-ecosystem';
import type { Pm2Fixture } from '../support/pm2';
import { COMMIT, answer, isGone, pm2Fixture, release } from '../support/pm2';

const PM2 = path.join(path.dirname(require.resolve('pm2/package.json')), 'bin', 'pm2');

let context: Pm2Fixture;
let root: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  context = await pm2Fixture();
  root = path.join(context.dir, 'clone');
  env = { PATH: process.env.PATH, SWITCHYARD_HOME: context.home.dir };
  mkdirSync(root);
  mkdirSync(context.home.releases, { recursive: true });
  writeFileSync(context.home.settings, JSON.stringify({ GREEN_PORT: String(context.green.port) }));
});

afterEach(() => context.clear());

it('the ecosystem lists an app for each slot, and the deployer', () => {
  expect(ecosystem(root, env).apps.map(({ name }) => name)).toEqual(['app-blue', 'app-green', 'deployer']);
});

it("the ecosystem uses the saved ports, and the clone's own files before the first deployment", () => {
  const green = ecosystem(root, env).apps[1];

  expect(green).toMatchObject({
    cwd: root,
    env: { PORT: String(context.green.port), SWITCHYARD_COMMIT: 'unreleased' },
  });
});

it("the ecosystem uses each slot's last live release", async () => {
  const deployed = await deployedToGreen();

  const [blue, green] = ecosystem(root, env).apps;

  expect(green).toMatchObject({ cwd: deployed.dir, env: { SWITCHYARD_COMMIT: COMMIT } });
  expect(blue).toMatchObject({ cwd: root, env: { SWITCHYARD_COMMIT: 'unreleased' } });
});

it("PM2's command line starts the same app as a deployment, without the shell's variables", async () => {
  await deployedToGreen();
  await ensurePm2(context.home);

  byHand('start', ecosystemFile(), '--only', 'app-green');

  expect(await answer(context.green)).toMatchObject({ commit: COMMIT, main: true });
  const runtime = createPm2Runtime({ home: context.home, stopSeconds: 5 });
  const [slot] = await runtime.list();
  expect(slot).toMatchObject({ slot: 'green', commit: COMMIT, restarts: 0, status: 'online' });
  expect(JSON.parse(byHand('jlist'))[0].pm2_env.env).not.toHaveProperty('FOO');
  await runtime.stop('green');
  expect(isGone(slot?.pid ?? null)).toBe(true);
});

/** Runs PM2 as `npm run pm2` does, with one extra variable that the definition must keep out. */
function byHand(...argv: string[]): string {
  const environment = { ...pm2Environment(context.home, process.env), FOO: 'bar' };
  return execFileSync(process.execPath, [PM2, ...argv], { env: environment, encoding: 'utf8' });
}

function ecosystemFile(): string {
  const file = path.join(context.dir, 'ecosystem.config.js');
  writeFileSync(file, `module.exports = ${JSON.stringify(ecosystem(root, env))};`);
  return file;
}

async function deployedToGreen(): Promise<Release> {
  const tiny = release(context);
  const dir = releaseFolder(context.home, COMMIT);
  cpSync(tiny.dir, dir, { recursive: true });
  completeRelease(context.home, { ...tiny, dir }, { node: process.version });
  const journal = Journal.open(context.home);
  await journal.prepare();
  const { id } = await journal.request({ kind: 'deploy', trigger: 'command', strategy: 'blue-green' });
  await journal.move(id, 'running');
  await journal.move(id, 'succeeded', {
    to: { slot: 'green', commit: COMMIT, version: '1.0.0' },
    liveAt: Date.now(),
  });
  journal.close();
  return { ...tiny, dir };
}
