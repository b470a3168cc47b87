import { schema } from '../../../../deploy/config/schema';
import type { Release } from '../../../../deploy/core/release';
import type { SlotInput } from '../../../../deploy/runtimes/compose/definitions';
import { buildOverride, runOverride, slotOverride } from '../../../../deploy/runtimes/compose/definitions';
import { commit } from '../../../support/deployments';

const HOME = { dir: '/home/of $mine', shared: '/home/of $mine/shared' };
const RELEASE: Release = {
  commit: commit('a1'),
  version: '1.0.0',
  subject: 'first',
  dir: '/home/releases/a1',
  app: schema.parse({ app: { health: '/up', build: ['node', "it's here.js"] } }).app,
};
const INPUT: SlotInput = {
  home: HOME,
  config: schema.parse({ name: 'shop', compose: { memory: '1g', cpus: 4 }, limits: { stop: 20 } }),
  slot: { name: 'green', port: 8081 },
  release: RELEASE,
  instance: 'proof',
  environment: 0,
  user: { uid: 1001, gid: 100 },
  cores: 2,
};

const service = (override: object, name: string): Record<string, unknown> =>
  (override as { services: Record<string, Record<string, unknown>> }).services[name] ?? {};

describe('the Compose file of a slot', () => {
  const green = service(slotOverride(INPUT), 'green');

  it("runs the commit's image under the app's name, as the given user", () => {
    expect(green).toMatchObject({
      image: `shop:${RELEASE.commit}`,
      container_name: 'shop-green',
      command: ['node', 'dist/app/server.js'],
      user: '1001:100',
      stop_grace_period: '20s',
    });
  });

  it("extends another slot's file if it has none of its own, but keeps none of its names", () => {
    const slot = { name: 'amber', port: 8082 };
    const override = slotOverride({ ...INPUT, slot }, '/clone/docker-compose.blue.yml');
    expect(service(override, 'amber')).toMatchObject({
      extends: { file: '/clone/docker-compose.blue.yml', service: 'blue' },
      container_name: 'shop-amber',
      environment: expect.objectContaining({ PORT: '8082', SWITCHYARD_SLOT: 'amber' }),
    });
    expect(green).not.toHaveProperty('extends');
    expect(service(slotOverride(INPUT, '/clone/docker-compose.green.yml'), 'green')).toEqual(green);
  });

  it('limits the cores to those of the machine, since the engine refuses more', () => {
    expect(green).toMatchObject({ mem_limit: '1g', cpus: 2 });
  });

  it('sets the variables for port, commit, instance, slot and data', () => {
    expect(green.environment).toMatchObject({
      NODE_ENV: 'production',
      PORT: '8081',
      HEALTH: '/up',
      SWITCHYARD_COMMIT: RELEASE.commit,
      SWITCHYARD_INSTANCE: 'proof',
      SWITCHYARD_SLOT: 'green',
      SWITCHYARD_DATA: '/data',
    });
  });

  it('is labelled with its home, and escapes a dollar in its path', () => {
    expect(green.labels).toMatchObject({ 'switchyard.home': '/home/of $$mine', 'switchyard.slot': 'green' });
    expect(green.volumes).toEqual([{ type: 'bind', source: '/home/of $$mine/shared', target: '/data' }]);
  });
});

it('a command runs in the same container as the app, but outside any slot', () => {
  const run = service(runOverride('blue', INPUT), 'blue');
  const labels = run.labels as Record<string, string>;
  expect(run).toMatchObject({ image: `shop:${RELEASE.commit}`, user: '1001:100', mem_limit: '1g' });
  expect(run).not.toHaveProperty('container_name');
  expect(labels['switchyard.slot']).toBeUndefined();
  expect(run.environment).not.toHaveProperty('SWITCHYARD_INSTANCE');
});

describe('the Compose file of a build', () => {
  const variables = {
    install: { file: '/notes/install', seal: 'seal1' },
    build: { file: '/notes/build', seal: 'seal2' },
  };
  const override = (release: Release, env: NodeJS.ProcessEnv = {}): object =>
    buildOverride({ home: HOME, name: 'shop', slot: 'blue', release, env, variables });
  const build = (release: Release, env?: NodeJS.ProcessEnv): unknown =>
    service(override(release, env), 'blue').build;

  it("builds the commit's folder with its own command, each argument quoted", () => {
    expect(build(RELEASE)).toMatchObject({
      context: '/home/releases/a1',
      args: { BUILD: `'node' 'it'\\''s here.js'`, START: 'dist/app/server.js' },
    });
  });

  it('runs true for a commit without a build command', () => {
    expect(build({ ...RELEASE, app: { ...RELEASE.app, build: null } })).toMatchObject({
      args: { BUILD: 'true' },
    });
  });

  it('passes the proxies and nothing else of the environment', () => {
    const args = (build(RELEASE, { HTTPS_PROXY: 'http://proxy', AWS_SECRET: 'x' }) as { args: object }).args;
    expect(args).toMatchObject({ HTTPS_PROXY: 'http://proxy' });
    expect(args).not.toHaveProperty('AWS_SECRET');
  });

  it('gets its variables as secrets, and their hashes as arguments', () => {
    expect(build(RELEASE)).toMatchObject({
      args: {
        SWITCHYARD_COMMIT: RELEASE.commit,
        INSTALL_VARIABLES: 'seal1',
        BUILD_VARIABLES: 'seal2',
      },
      secrets: ['install-variables', 'build-variables'],
    });
    expect(override(RELEASE)).toMatchObject({
      secrets: {
        'install-variables': { file: '/notes/install' },
        'build-variables': { file: '/notes/build' },
      },
    });
  });

  it('of a rebuilt release gets an image of its own', () => {
    const again = { ...RELEASE, dir: `/home/releases/${RELEASE.commit}.2` };
    expect(service(override(again), 'blue').image).toBe(`shop:${RELEASE.commit}.2`);
    expect(service(override(RELEASE), 'blue').image).toBe(`shop:${RELEASE.commit}`);
  });
});
