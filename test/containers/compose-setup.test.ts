/** npm start's checks for containers, which run before it creates anything. */
import { checkEngine } from '../../deploy/setup/engine';
import { composeFixture, docker, type ComposeFixture } from '../support/compose';
import { BASE_IMAGE } from '../support/docker';
import { docker as engine, needs } from '../support/needs';

needs('docker', engine).describe('npm start with containers', () => {
  const { PATH, DOCKER_HOST } = process.env;
  let context: ComposeFixture;
  beforeAll(async () => {
    context = await composeFixture();
  });
  afterEach(() => {
    process.env.PATH = PATH;
    if (DOCKER_HOST === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = DOCKER_HOST;
  });
  afterAll(() => context.clear());

  const check = (): Promise<void> => checkEngine(context.home, context.config);

  it('passes the check when everything is present', async () => {
    await expect(check()).resolves.toBeUndefined();
  });

  it('reports a missing docker program', async () => {
    process.env.PATH = '/nowhere';
    await expect(check()).rejects.toMatchObject({ code: 'E_NO_DOCKER' });
    await expect(checkEngine(context.home, { ...context.config, runtime: 'pm2' })).resolves.toBeUndefined();
  });

  it('reports an engine that is down, and one on another machine', async () => {
    process.env.DOCKER_HOST = 'unix:///nowhere/docker.sock';
    await expect(check()).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: expect.stringContaining('ENOENT'),
    });
    process.env.DOCKER_HOST = 'tcp://example.org:2375';
    await expect(check()).rejects.toMatchObject({
      code: 'E_ENGINE',
      hint: expect.stringContaining('unix://'),
    });
  });

  it("refuses the name of another copy's container and prints a command that works", async () => {
    const taken = `${context.config.name}-green`;
    docker('create', '--name', taken, BASE_IMAGE);
    try {
      await expect(check()).rejects.toMatchObject({
        code: 'E_NAME_TAKEN',
        message: `The container ${taken} already exists.`,
        hint: `Give this copy its own name: APP_NAME=${context.config.name}-2 npm start`,
      });
    } finally {
      docker('rm', '--force', taken);
    }
  });

  it('recognizes its own containers', async () => {
    await context.runtime.start(context.blue, await context.release('a1'), 'proof', 0);
    await expect(check()).resolves.toBeUndefined();
  });
});
