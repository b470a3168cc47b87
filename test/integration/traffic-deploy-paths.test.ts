/** The paths below /_deploy/ that the internet reaches, and their limits. */
import { connect, type Socket } from 'node:net';
import { establishedConnections } from '../../deploy/os/connections';
import { loadedMark } from '../../deploy/traffic/loaded-mark';
import { trafficFixture, type Answer, type TrafficFixture } from '../support/traffic-fixture';
import { until } from '../support/until';

/** From one address: see limit_conn and limit_req in nginx/site.conf.template. */
const BODIES_AT_ONCE = 16;
const BURST = 50;
const MB = 1024 * 1024;

let context: TrafficFixture;
const sockets: Socket[] = [];

beforeEach(async () => {
  context = await trafficFixture();
  await Promise.all([context.startApp('blue'), context.startApp('deployer')]);
  await context.nginx.start();
  await context.traffic.shift({ active: 'blue', standby: null });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await context.cleanUp();
});

describe('public paths', () => {
  test.each(['/_deploy/webhook', '/_deploy/preview'])('%s reaches the deployer', async (path) => {
    expect((await context.ask(path)).json).toEqual({ version: 'deployer' });
  });

  test.each([
    '/_deploy',
    '/_deploy/',
    '/_deploy/health',
    '/_deploy/nginx',
    '/_deploy/deployments',
    '/_deploy/webhook/',
    '/_deploy/webhook/../health',
    '/_deploy/%68ealth',
    '//_deploy//health',
    '/_deploy/preview/x',
  ])('%s is answered with 404 by nginx, whatever the method and Host', async (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS']) {
      const answer = await context.ask(path, { method, headers: { host: 'evil.example' } });
      expect(answer.status).toBe(404);
      expect(answer.headers).not.toHaveProperty('location');
      expect(answer.headers).not.toHaveProperty('x-switchyard-configuration');
      if (method !== 'HEAD') expect(answer.json).toMatchObject({ error: { code: 'not_found' } });
    }
  });

  test.each(['/_deployment', '/_deploy2/x', '/a/_deploy/health'])('%s belongs to the app', async (path) => {
    expect((await context.ask(path)).json).toEqual({ version: 'blue' });
  });

  test('the configuration mark is only on a socket of this machine', async () => {
    expect(await loadedMark(context.home, context.ports.http, 5000)).toMatch(/^[0-9a-f]{16}$/);
    expect((await context.ask('/', { method: 'GET' })).headers).not.toHaveProperty(
      'x-switchyard-configuration',
    );
  });
});

describe('the webhook', () => {
  test('is passed on before its body is complete, so the deployer can refuse it by its header', async () => {
    const socket = open();
    socket.write(
      'POST /_deploy/webhook HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    );
    await until('the deployer to have the request', () => opensAtDeployer() > 0);
  });

  test('accepts a limited number of unfinished requests from one address without affecting the app', async () => {
    for (let sent = 0; sent < BODIES_AT_ONCE; sent += 1) half(open());
    await until('the deployer to have them', () => opensAtDeployer() >= BODIES_AT_ONCE);
    const refused = await context.ask('/_deploy/webhook', { method: 'POST', body: '{}' });
    expect(refused).toMatchObject({ status: 429, json: { error: { code: 'E_TOO_MANY' } } });
    expect(refused.headers['retry-after']).toBe('5');
    expect((await context.ask('/version')).json).toEqual({ version: 'blue' });
  });

  test('accepts a burst from one address and refuses the requests beyond it', async () => {
    const answers: Answer[] = [];
    const ask = async (): Promise<void> => {
      for (let sent = 0; sent < 25; sent += 1)
        answers.push(await context.ask('/_deploy/webhook', { method: 'POST', body: '{}' }));
    };
    await Promise.all(Array.from({ length: 8 }, ask));
    const accepted = answers.filter(({ status }) => status === 201);
    expect(accepted.length).toBeGreaterThanOrEqual(BURST);
    expect(accepted.length).toBeLessThan(answers.length);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 429]));
    expect((await context.ask('/version')).json).toEqual({ version: 'blue' });
  });

  test("is refused over GitHub's limit without being read", async () => {
    const headers = { 'content-length': String(25 * MB + 1) };
    const answer = await context.ask('/_deploy/webhook', { method: 'POST', headers });
    expect(answer).toMatchObject({ status: 413, json: { error: { code: 'E_TOO_LARGE' } } });
  });
});

test('a preview link with a body is refused', async () => {
  const answer = await context.ask('/_deploy/preview', { method: 'POST', body: Buffer.alloc(2048) });
  expect(answer).toMatchObject({ status: 413, json: { error: { code: 'E_TOO_LARGE' } } });
});

function open(): Socket {
  const socket = connect(context.ports.http, '127.0.0.1').on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

function half(socket: Socket): void {
  socket.write('POST /_deploy/webhook HTTP/1.1\r\nHost: app\r\nContent-Length: 100\r\n\r\n{');
}

/** The number of connections that nginx has open to the deployer. */
function opensAtDeployer(): number {
  return establishedConnections(context.ports.deployer);
}
