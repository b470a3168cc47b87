import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import path from 'node:path';
import request from 'supertest';
import type { ControlRequest } from '../../../deploy/http/control-api';
import { controlApp } from '../../../deploy/http/control-api';
import { deployerBuild, requestDeployment, requestOperation } from '../../../deploy/client/control-client';
import { KnownError } from '../../../deploy/core/errors';
import type { RequestIdentity } from '../../../deploy/journal/journal';
import { machineMs } from '../../../deploy/os/machine-clock';
import type { RequestDeployment } from '../../../deploy/deployer/requests';
import type { RequestOperation } from '../../../deploy/deployer/operator-requests';
import { probe } from '../../../deploy/traffic/probe';
import { commit, deployment } from '../../support/deployments';
import { afterwards, tempHome } from '../../support/temp-home';

const DEPLOY: ControlRequest = { kind: 'deploy', trigger: 'command', commit: commit('a') };
let requested: Parameters<RequestDeployment>[0][];
const accept: RequestDeployment = (what) => {
  requested.push(what);
  return Promise.resolve(deployment({ id: 3, commit: what.commit ?? null }));
};

const operate: RequestOperation = (what, id, mark = {}) => {
  operations.push([what, id]);
  operationMarks.push(mark);
  if (what === 'promote') return Promise.reject(new KnownError('E_NOT_HOLDING', 'No deployment is held.'));
  return Promise.resolve(deployment({ id: id ?? 3, request: what }));
};
let operations: unknown[];
let operationMarks: RequestIdentity[];
let withdrawn: string[];

const serversAt = (home: { socket: string }): Parameters<typeof requestDeployment>[0] => ({
  home,
  journal: {
    cancel: (id) => {
      withdrawn.push(id);
      return Promise.resolve(null);
    },
  },
});
const clone = () => ({ root: '/clone', now: '/clone' });

beforeEach(() => {
  requested = [];
  operations = [];
  operationMarks = [];
  withdrawn = [];
});

describe('the control socket', () => {
  const app = controlApp({
    request: accept,
    requestOperation: operate,
    build: () => 'b-1',
    config: 'c-1',
    clone,
  });

  it('accepts a deployment and answers with it', async () => {
    const answer = await request(app)
      .post('/deployments')
      .send({ ...DEPLOY, slot: 'green' });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ id: 3, state: 'queued' });
    expect(requested).toEqual([{ ...DEPLOY, slot: 'green' }]);
  });

  it('answers for its health, with the build, the configuration and the clone', async () => {
    expect((await request(app).get('/health')).body).toEqual({
      status: 'ok',
      build: 'b-1',
      config: 'c-1',
      clone: clone(),
    });
  });

  it.each([
    ['a short commit', { ...DEPLOY, commit: 'a1b2c3d' }],
    ['a branch in place of a commit', { ...DEPLOY, commit: 'main' }],
    ['a commit with a shell command', { ...DEPLOY, commit: `${'a'.repeat(40)};reboot` }],
    ['an unknown kind', { ...DEPLOY, kind: 'destroy' }],
    ["the webhook's trigger", { ...DEPLOY, trigger: 'webhook' }],
    ['an unknown key', { ...DEPLOY, strategy: 'none' }],
    ['an empty body', undefined],
  ])('refuses %s', async (_case, body) => {
    const answer = await request(app).post('/deployments').send(body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 'E_USAGE' });
    expect(requested).toEqual([]);
  });

  it("accepts an operator's request, for a given deployment or the active one", async () => {
    for (const id of [7, null]) {
      const answer = await request(app).post('/operations').send({ request: 'abort', id });
      expect(answer).toMatchObject({ status: 202, body: { id: id ?? 3, request: 'abort' } });
    }
    expect(operations).toEqual([
      ['abort', 7],
      ['abort', null],
    ]);
  });

  it.each([
    ['an unknown request', { request: 'destroy', id: 7 }],
    ['an id that is not a number', { request: 'abort', id: '7; reboot' }],
    ['a missing id', { request: 'abort' }],
    ['an unknown key', { request: 'abort', id: 7, state: 'succeeded' }],
  ])('refuses %s', async (_case, body) => {
    const answer = await request(app).post('/operations').send(body);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'E_USAGE' } } });
    expect(operations).toEqual([]);
  });

  it('refuses a body that is not JSON as a usage error', async () => {
    const answer = await request(app).post('/deployments').type('application/json').send('{');
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 'E_USAGE' });
  });
});

describe('a command that sends a request to the deployer', () => {
  it('gets its deployment', async () => {
    const home = await listen(
      controlApp({ request: accept, requestOperation: operate, build: () => 'b-1', config: 'c-1', clone }),
    );
    expect(await requestDeployment(serversAt(home), DEPLOY)).toMatchObject({ id: 3, commit: commit('a') });
    expect(requested).toMatchObject([DEPLOY]);
  });

  it('gives each request an id of its own and a deadline', async () => {
    const home = await listen(
      controlApp({ request: accept, requestOperation: operate, build: () => 'b-1', config: 'c-1', clone }),
    );
    const before = machineMs();
    for (let i = 0; i < 2; i++) await requestDeployment(serversAt(home), DEPLOY);
    await requestOperation(serversAt(home), 'abort', 7);

    const marks = [
      ...requested,
      ...operationMarks.map((mark) => ({ delivery: mark.id, deadline: mark.deadline })),
    ];
    expect(new Set(marks.map(({ delivery }) => delivery)).size).toBe(3);
    for (const { delivery, deadline } of marks) {
      expect(delivery).toMatch(/^[0-9a-f-]{36}$/);
      expect(deadline).toBeGreaterThan(before);
    }
  });

  it('withdraws a request without an answer, and says so', async () => {
    const home = await listen((req) => req.socket.destroy());
    await expect(requestDeployment(serversAt(home), DEPLOY)).rejects.toMatchObject({
      code: 'E_DEPLOYER_DOWN',
      message: 'The deployer does not answer. This request was withdrawn.',
    });
    expect(withdrawn).toHaveLength(1);
  });

  it('finds the deployment of a request whose answer was lost', async () => {
    const home = await listen((req) => req.socket.destroy());
    const servers = { home, journal: { cancel: () => Promise.resolve(deployment({ id: 8 })) } };
    expect(await requestDeployment(servers, DEPLOY)).toMatchObject({ id: 8 });
  });

  it('does not claim a withdrawal that could not be written', async () => {
    const home = await listen((req) => req.socket.destroy());
    const servers = { home, journal: { cancel: () => Promise.reject(new Error('locked')) } };
    await expect(requestDeployment(servers, DEPLOY)).rejects.toMatchObject({
      code: 'E_DEPLOYER_DOWN',
      message: expect.stringContaining('may still carry out this request'),
      hint: expect.stringContaining('./switchyard history'),
    });
  });

  it('has no effect when it is killed before its request is read', async () => {
    const home = await listen(
      controlApp({ request: accept, requestOperation: operate, build: () => 'b-1', config: 'c-1', clone }),
    );
    const text = JSON.stringify(DEPLOY);
    const program = `const socket = require('net').connect(process.argv[1], () => socket.write(
      'POST /deployments HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/json\\r\\nContent-Length: ${text.length}\\r\\n\\r\\n' +
      process.argv[2], () => process.exit()));`;
    // until the call returns, this process reads nothing, like a stopped one
    execFileSync(process.execPath, ['-e', program, home.socket, text]);
    expect((await fetchHealth(home)).status).toBe(200);
    expect(requested).toEqual([]);
  });

  it('gets the deployment that its request applies to, or the error', async () => {
    const home = await listen(
      controlApp({ request: accept, requestOperation: operate, build: () => 'b-1', config: 'c-1', clone }),
    );
    expect(await requestOperation(serversAt(home), 'abort', 7)).toMatchObject({ id: 7, request: 'abort' });
    await expect(requestOperation(serversAt(home), 'promote', null)).rejects.toMatchObject({
      code: 'E_NOT_HOLDING',
    });
  });

  it("gets the deployer's error with its code, message and hint", async () => {
    const refuse = (): Promise<never> => Promise.reject(new KnownError('E_DISK', 'It is full.', 'Empty it.'));
    const home = await listen(
      controlApp({ request: refuse, requestOperation: operate, build: () => 'b-1', config: 'c-1', clone }),
    );
    await expect(requestDeployment(serversAt(home), DEPLOY)).rejects.toMatchObject({
      code: 'E_DISK',
      message: 'It is full.',
      hint: 'Empty it.',
    });
  });

  it('gets an error without a deployer', async () => {
    const socket = path.join(tempHome(), 'missing.sock');
    await expect(requestDeployment(serversAt({ socket }), DEPLOY)).rejects.toMatchObject({
      code: 'E_DEPLOYER_DOWN',
    });
  });

  it('gets an error when the deployer is killed during the request', async () => {
    const home = await listen((req) => req.socket.destroy());
    await expect(requestDeployment(serversAt(home), DEPLOY)).rejects.toMatchObject({
      code: 'E_DEPLOYER_DOWN',
    });
  });

  it('gets a hint to restart a deployer of another version', async () => {
    const home = await listen((_req, res) => res.writeHead(404).end('<html>Cannot POST'));
    await expect(requestDeployment(serversAt(home), DEPLOY)).rejects.toMatchObject({
      code: 'E_DEPLOYER_DOWN',
      hint: expect.stringContaining('npm stop && npm start'),
    });
  });
});

describe('the build of the deployer', () => {
  it('is read from its health answer', async () => {
    expect(
      await deployerBuild(
        await listen(
          controlApp({
            request: accept,
            requestOperation: operate,
            build: () => 'b-1',
            config: 'c-1',
            clone,
          }),
        ),
      ),
    ).toBe('b-1');
  });

  it('is null when nothing answers, or something other than the deployer', async () => {
    expect(await deployerBuild({ socket: path.join(tempHome(), 'missing.sock') })).toBeNull();
    expect(await deployerBuild(await listen((_req, res) => res.end('<html>')))).toBeNull();
  });
});

function fetchHealth({ socket }: { socket: string }): ReturnType<typeof probe> {
  return probe({ socketPath: socket, path: '/health', timeoutMs: 5000 });
}

async function listen(listener: RequestListener): Promise<{ socket: string }> {
  const socket = path.join(tempHome(), 'deployer.sock');
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  afterwards(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return { socket };
}
