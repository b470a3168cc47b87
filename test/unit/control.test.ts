import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import path from 'node:path';
import request from 'supertest';
import type { ControlRequest } from '../../deploy/control';
import { controlApp } from '../../deploy/control';
import { deployerBuild, requestDeployment, wishFor } from '../../deploy/control-client';
import { KnownError } from '../../deploy/core/errors';
import type { RequestDeployment } from '../../deploy/requests';
import type { WishDeployment } from '../../deploy/wishes';
import { commit, deployment } from '../support/deployments';
import { afterwards, tempHome } from '../support/temp-home';

const DEPLOY: ControlRequest = { kind: 'deploy', trigger: 'command', commit: commit('a') };
let asked: Parameters<RequestDeployment>[0][];
const take: RequestDeployment = (what) => {
  asked.push(what);
  return Promise.resolve(deployment({ id: 3, commit: what.commit ?? null }));
};

const wish: WishDeployment = (what, id) => {
  wished.push([what, id]);
  if (what === 'promote') return Promise.reject(new KnownError('E_NOT_HOLDING', 'No deployment is held.'));
  return Promise.resolve(deployment({ id: id ?? 3, wish: what }));
};
let wished: unknown[];

beforeEach(() => {
  asked = [];
  wished = [];
});

describe('the control socket', () => {
  const app = controlApp({ request: take, wish, build: 'b-1' });

  it('takes a deployment and answers with it', async () => {
    const answer = await request(app)
      .post('/deployments')
      .send({ ...DEPLOY, slot: 'green' });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ id: 3, state: 'queued' });
    expect(asked).toEqual([{ ...DEPLOY, slot: 'green' }]);
  });

  it('answers for its health, and which build of the kit it is', async () => {
    expect((await request(app).get('/health')).body).toEqual({ status: 'ok', build: 'b-1' });
  });

  it.each([
    ['a short commit', { ...DEPLOY, commit: 'a1b2c3d' }],
    ['a branch in place of a commit', { ...DEPLOY, commit: 'main' }],
    ['a commit for a shell', { ...DEPLOY, commit: `${'a'.repeat(40)};reboot` }],
    ['an unknown kind', { ...DEPLOY, kind: 'destroy' }],
    ["the webhook's trigger", { ...DEPLOY, trigger: 'webhook' }],
    ['a key too many', { ...DEPLOY, strategy: 'none' }],
    ['nothing', undefined],
  ])('refuses %s', async (_case, body) => {
    const answer = await request(app).post('/deployments').send(body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 'E_USAGE' });
    expect(asked).toEqual([]);
  });

  it("takes a person's wish, for one deployment or for the one at work", async () => {
    for (const id of [7, null]) {
      const answer = await request(app).post('/wishes').send({ wish: 'abort', id });
      expect(answer).toMatchObject({ status: 202, body: { id: id ?? 3, wish: 'abort' } });
    }
    expect(wished).toEqual([
      ['abort', 7],
      ['abort', null],
    ]);
  });

  it.each([
    ['an unknown wish', { wish: 'destroy', id: 7 }],
    ['no number', { wish: 'abort', id: '7; reboot' }],
    ['no id at all', { wish: 'abort' }],
    ['a key too many', { wish: 'abort', id: 7, state: 'succeeded' }],
  ])('refuses %s', async (_case, body) => {
    const answer = await request(app).post('/wishes').send(body);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'E_USAGE' } } });
    expect(wished).toEqual([]);
  });

  it('refuses what is not JSON, and does not call it a bug of its own', async () => {
    const answer = await request(app).post('/deployments').type('application/json').send('{');
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 'E_USAGE' });
  });
});

describe('a command that asks the deployer', () => {
  it('gets its deployment', async () => {
    const home = await listen(controlApp({ request: take, wish, build: 'b-1' }));
    expect(await requestDeployment(home, DEPLOY)).toMatchObject({ id: 3, commit: commit('a') });
    expect(asked).toEqual([DEPLOY]);
  });

  it('gets the deployment that its wish is for, or why there is none', async () => {
    const home = await listen(controlApp({ request: take, wish, build: 'b-1' }));
    expect(await wishFor(home, 'abort', 7)).toMatchObject({ id: 7, wish: 'abort' });
    await expect(wishFor(home, 'promote', null)).rejects.toMatchObject({ code: 'E_NOT_HOLDING' });
  });

  it('gets what the deployer refuses with: code, sentence and hint', async () => {
    const refuse = (): Promise<never> => Promise.reject(new KnownError('E_DISK', 'It is full.', 'Empty it.'));
    const home = await listen(controlApp({ request: refuse, wish, build: 'b-1' }));
    await expect(requestDeployment(home, DEPLOY)).rejects.toMatchObject({
      code: 'E_DISK',
      message: 'It is full.',
      hint: 'Empty it.',
    });
  });

  it('is told when no deployer is there', async () => {
    const socket = path.join(tempHome(), 'nobody.sock');
    await expect(requestDeployment({ socket }, DEPLOY)).rejects.toMatchObject({ code: 'E_DEPLOYER_DOWN' });
  });

  it('is told when the deployer is ended while it asks', async () => {
    const home = await listen((req) => req.socket.destroy());
    await expect(requestDeployment(home, DEPLOY)).rejects.toMatchObject({ code: 'E_DEPLOYER_DOWN' });
  });

  it('is told to start a deployer of another version again', async () => {
    const home = await listen((_req, res) => res.writeHead(404).end('<html>Cannot POST'));
    await expect(requestDeployment(home, DEPLOY)).rejects.toMatchObject({
      code: 'E_DEPLOYER_DOWN',
      hint: expect.stringContaining('npm stop && npm start'),
    });
  });
});

describe('the build that the deployer is of', () => {
  it('is told by its health', async () => {
    expect(await deployerBuild(await listen(controlApp({ request: take, wish, build: 'b-1' })))).toBe('b-1');
  });

  it('is none when nobody answers, or when it is not the deployer that does', async () => {
    expect(await deployerBuild({ socket: path.join(tempHome(), 'nobody.sock') })).toBeNull();
    expect(await deployerBuild(await listen((_req, res) => res.end('<html>')))).toBeNull();
  });
});

async function listen(listener: RequestListener): Promise<{ socket: string }> {
  const socket = path.join(tempHome(), 'deployer.sock');
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  afterwards(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return { socket };
}
