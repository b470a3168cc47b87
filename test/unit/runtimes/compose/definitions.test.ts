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

describe('a slot', () => {
  const green = service(slotOverride(INPUT), 'green');

  it("runs its commit's image under the app's name, as the given user", () => {
    expect(green).toMatchObject({
      image: `shop:${RELEASE.commit}`,
      container_name: 'shop-green',
      command: ['node', 'dist/app/server.js'],
      user: '1001:100',
      stop_grace_period: '20s',
    });
  });

  it('without a file of its own takes over the definition of another, and keeps none of its names', () => {
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

  it('may use no more cores than the machine has, which the engine would refuse', () => {
    expect(green).toMatchObject({ mem_limit: '1g', cpus: 2 });
  });

  it('is told where it runs and who it is', () => {
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

  it('belongs to its home, in whose path a dollar is no variable', () => {
    expect(green.labels).toMatchObject({ 'switchyard.home': '/home/of $$mine', 'switchyard.slot': 'green' });
    expect(green.volumes).toEqual([{ type: 'bind', source: '/home/of $$mine/shared', target: '/data' }]);
  });
});

it('runs a command as the app itself would run, but is in no slot', () => {
  const run = service(runOverride('blue', INPUT), 'blue');
  const labels = run.labels as Record<string, string>;
  expect(run).toMatchObject({ image: `shop:${RELEASE.commit}`, user: '1001:100', mem_limit: '1g' });
  expect(run).not.toHaveProperty('container_name');
  expect(labels['switchyard.slot']).toBeUndefined();
  expect(run.environment).not.toHaveProperty('SWITCHYARD_INSTANCE');
});

describe('a build', () => {
  const build = (release: Release, env: NodeJS.ProcessEnv = {}): unknown =>
    service(buildOverride(HOME, 'shop', 'blue', release, env), 'blue').build;

  it("is made from the commit's folder by its own command, each argument one word", () => {
    expect(build(RELEASE)).toMatchObject({
      context: '/home/releases/a1',
      args: { BUILD: `'node' 'it'\\''s here.js'`, START: 'dist/app/server.js' },
    });
  });

  it('does nothing for a commit without one', () => {
    expect(build({ ...RELEASE, app: { ...RELEASE.app, build: null } })).toMatchObject({
      args: { BUILD: 'true' },
    });
  });

  it('gets the proxies and nothing else of the environment', () => {
    const args = (build(RELEASE, { HTTPS_PROXY: 'http://proxy', AWS_SECRET: 'x' }) as { args: object }).args;
    expect(Object.keys(args).sort()).toEqual(['BUILD', 'HTTPS_PROXY', 'START']);
  });
});
