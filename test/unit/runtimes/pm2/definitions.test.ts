import type { Release } from '../../../../deploy/core/release';
import { homeAt } from '../../../../deploy/home/home';
import {
  deployerDefinition,
  pm2Environment,
  slotDefinition,
  slotOfApp,
} from '../../../../deploy/runtimes/pm2/definitions';

const home = homeAt('/var/lib/switchyard/shop');
const env = { PATH: '/usr/bin', WEBHOOK_SECRET: 'secret' };
const release: Release = {
  commit: 'a1b2c3d'.padEnd(40, '0'),
  version: '1.2.0',
  subject: 'A greeting',
  dir: `${home.releases}/a1b2c3d`,
  app: { start: 'dist/app/server.js', test: null, build: null, migrate: null, health: '/health', smoke: [] },
};
const green = { name: 'green', port: 8081 };

const slot = (stopSeconds = 15) =>
  slotDefinition({ home, slot: green, release, instance: 'i1', environment: 3, stopSeconds, env });

it("starts the release's own file in the release's folder with plain Node", () => {
  const { name, script, args, cwd, interpreter, exec_mode } = slot();

  expect({ name, script, cwd, interpreter, exec_mode }).toEqual({
    name: 'app-green',
    script: process.execPath,
    cwd: release.dir,
    interpreter: 'none',
    exec_mode: 'fork',
  });
  expect(args.at(-1)).toBe(`${release.dir}/dist/app/server.js`);
});

it('tells the app its port, its proof, its data folder and the number of its variables, and no secret', () => {
  expect(slot().env).toEqual({
    PATH: '/usr/bin',
    NODE_ENV: 'production',
    PORT: '8081',
    SWITCHYARD_COMMIT: release.commit,
    SWITCHYARD_INSTANCE: 'i1',
    SWITCHYARD_ENVIRONMENT: '3',
    SWITCHYARD_SLOT: 'green',
    SWITCHYARD_DATA: home.shared,
  });
  expect(JSON.stringify([slot(), deployerDefinition({ home, root: '/clone', env })])).not.toContain('secret');
});

it('filters the environment of whoever starts it by hand', () => {
  // PM2 compares the list's length, so that `true` would filter nothing
  expect(slot().filter_env).toEqual(['']);
});

it('gives PM2 the stop timeout in milliseconds, and never 0, which PM2 takes for its own default', () => {
  expect(slot(15).kill_timeout).toBe(15_000);
  expect(slot(0).kill_timeout).toBe(1);
});

it('keeps the deployments of a deployer alive: PM2 ends only the deployer itself', () => {
  const deployer = deployerDefinition({ home, root: '/clone', env });

  expect(deployer).toMatchObject({ name: 'deployer', cwd: '/clone', treekill: false, autorestart: true });
  expect(deployer.args.at(-1)).toBe('/clone/dist/deploy/daemon.js');
  expect(deployer.env).toMatchObject({ SWITCHYARD_HOME: home.dir, SWITCHYARD_ROOT: '/clone' });
});

it('lets PM2 neither ask for its newest version nor start its agent', () => {
  expect(pm2Environment(home, env)).toEqual({
    PATH: '/usr/bin',
    PM2_HOME: home.pm2,
    PM2_KILL_SIGNAL: 'SIGTERM',
    PM2_DISABLE_VERSION_CHECK: 'true',
    PM2_NO_INTERACTION: 'true',
  });
});

it('recognises a slot by the name of its app', () => {
  expect(slotOfApp('app-blue')).toBe('blue');
  expect(slotOfApp('deployer')).toBeNull();
});
