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

const slot = (stopSeconds = 15, variables: string | null = null) =>
  slotDefinition({ home, slot: green, release, instance: 'i1', environment: 3, variables, stopSeconds, env });

it("PM2 starts the release's own file in the release's folder with plain Node", () => {
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

it("a shell reads the app's variables from their file and becomes Node, so PM2 knows none of them", () => {
  const { script, args } = slot(15, '/home/env/3.sh');
  expect(script).toBe('/bin/sh');
  expect(args.slice(0, 4)).toEqual(['-c', '. "$0" && exec "$@"', '/home/env/3.sh', process.execPath]);
  expect(args.slice(4)).toEqual(slot().args);
});

it('the app gets its port, proof, data folder and environment number, but no secret', () => {
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

it('the environment of a start by hand is filtered out', () => {
  // PM2 checks the length of the list, so `true` would filter nothing
  expect(slot().filter_env).toEqual(['']);
});

it('PM2 gets the stop timeout in milliseconds, and never 0, which means its own default', () => {
  expect(slot(15).kill_timeout).toBe(15_000);
  expect(slot(0).kill_timeout).toBe(1);
});

it('PM2 stops only the deployer itself, so that its deployments live on', () => {
  const deployer = deployerDefinition({ home, root: '/clone', env });

  expect(deployer).toMatchObject({ name: 'deployer', cwd: '/clone', treekill: false, autorestart: true });
  expect(deployer.args.at(-1)).toBe('/clone/dist/deploy/daemon.js');
  expect(deployer.env).toMatchObject({ SWITCHYARD_HOME: home.dir, SWITCHYARD_ROOT: '/clone' });
});

it('PM2 neither checks for its newest version nor starts its agent', () => {
  expect(pm2Environment(home, env)).toEqual({
    PATH: '/usr/bin',
    PM2_HOME: home.pm2,
    PM2_KILL_SIGNAL: 'SIGTERM',
    PM2_DISABLE_VERSION_CHECK: 'true',
    PM2_NO_INTERACTION: 'true',
  });
});

it('a slot is recognized by the name of its app', () => {
  expect(slotOfApp('app-blue')).toBe('blue');
  expect(slotOfApp('deployer')).toBeNull();
});
