/** nginx as a client and an app see it: the answering slot, the headers, and the errors when no slot responds. */
import { once } from 'node:events';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { tableFolder } from '../../deploy/core/traffic-table';
import type { Table } from '../../deploy/core/traffic-table';
import { countRequests, logPosition, readRequests } from '../../deploy/traffic/access-log';
import { needs, root } from '../support/needs';
import { until } from '../support/until';
import { trafficFixture, type TrafficFixture } from '../support/traffic-fixture';

const BLUE: Table = { active: 'blue', standby: null };
const BLUE_BEFORE_GREEN: Table = { active: 'blue', standby: 'green' };
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const itAsRoot = needs('root', root).test;

let context: TrafficFixture;
const sockets: Socket[] = [];

beforeEach(async () => {
  context = await trafficFixture();
  await context.nginx.start();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await context.cleanUp();
});

describe('nginx answers 503 E_NO_SLOT', () => {
  const expectNoSlot = async (): Promise<void> => {
    for (const method of METHODS) {
      const answer = await context.ask('/version', { method, body: method === 'GET' ? undefined : 'x' });
      expect(answer).toMatchObject({ status: 503, json: { error: { code: 'E_NO_SLOT' } } });
      expect(answer.headers).toMatchObject({ 'retry-after': '1', 'cache-control': 'no-store' });
    }
  };
  beforeEach(async () => {
    await Promise.all([context.startApp('blue'), context.startApp('green')]);
    await context.traffic.shift(BLUE_BEFORE_GREEN);
    expect((await context.ask('/version')).json).toEqual({ version: 'blue' });
  });

  test('when the table names no slot', async () => {
    await context.traffic.shift({ active: null, standby: null });
    await expectNoSlot();
  });

  test('when the link to the table is missing', async () => {
    rmSync(context.home.traffic);
    await expectNoSlot();
    await expect(context.traffic.current()).rejects.toMatchObject({ code: 'E_UNREADABLE_TABLE' });
  });

  test('when the link to the table is dangling', async () => {
    rmSync(path.join(context.home.tables, tableFolder(BLUE_BEFORE_GREEN)), { recursive: true });
    await expectNoSlot();
    await expect(context.traffic.current()).rejects.toMatchObject({ code: 'E_UNREADABLE_TABLE' });
  });

  itAsRoot('when the worker may not enter the folder of tables', async () => {
    chmodSync(context.home.tables, 0o700);
    await expectNoSlot();
  });

  itAsRoot('when the worker may not read a split table', async () => {
    const split = { ...BLUE_BEFORE_GREEN, shares: [{ slot: 'green', buckets: 50 }] };
    await context.traffic.shift(split);
    chmodSync(path.join(context.home.tables, tableFolder(split)), 0o700);
    await expectNoSlot();
  });

  test('but the deployer still answers', async () => {
    await context.startApp('deployer');
    rmSync(context.home.traffic);
    expect((await context.ask('/_deploy/preview')).json).toEqual({ version: 'deployer' });
  });
});

describe('the backup of a slot', () => {
  test('sends an upload that was assigned before a shift to the new slot', async () => {
    const blue = await context.startApp('blue');
    await context.startApp('green');
    await context.traffic.shift(BLUE);
    const socket = open();
    socket.write(
      'POST /api/v1/messages HTTP/1.1\r\nHost: app\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n',
    );
    await read(socket, '100 Continue'); // nginx has read the table and waits for the body
    socket.write('12345');
    await context.traffic.shift({ active: 'green', standby: null });
    await blue.end();
    socket.write('67890');
    expect(await read(socket, '}')).toContain('{"id":"green-1","slot":"green","size":10}');
  });

  test('sends the unchanged request to the standby', async () => {
    const blue = await context.startApp('blue');
    await context.startApp('green');
    await context.traffic.shift(BLUE_BEFORE_GREEN);
    const headers = {
      host: 'shop.example:8443',
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'https',
      cookie: 'a=1',
    };
    const straight = (await context.ask('/echo?q=%2F1', { headers })).json;
    await blue.end('SIGKILL');
    const around = (await context.ask('/echo?q=%2F1', { headers })).json;

    expect(straight).toMatchObject({ slot: 'blue', url: '/echo?q=%2F1' });
    expect(straight.headers).toMatchObject({
      host: 'shop.example:8443',
      'x-forwarded-host': 'shop.example:8443',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-real-ip': '127.0.0.1',
      'x-request-id': expect.stringMatching(/^[0-9a-f]{32}$/),
      cookie: 'a=1',
    });
    const ownId = { 'x-request-id': expect.stringMatching(/^[0-9a-f]{32}$/) };
    expect(around).toEqual({ slot: 'green', url: straight.url, headers: { ...straight.headers, ...ownId } });
  });

  test('does not repeat a POST that the slot has started', async () => {
    const blue = await context.startApp('blue');
    await context.startApp('green');
    await context.traffic.shift(BLUE_BEFORE_GREEN);
    const started = blue.slowRequest();
    const socket = open();
    socket.write('POST /api/v1/slow?ms=5000 HTTP/1.1\r\nHost: app\r\nContent-Length: 0\r\n\r\n');
    await started;
    await blue.end('SIGKILL');
    expect(await read(socket, '}')).toContain('502 Bad Gateway');
  });
});

describe('streams', () => {
  const straight = async (): Promise<void> => {
    await context.startApp('blue');
    await context.traffic.shift(BLUE);
  };
  const around = async (): Promise<void> => {
    await context.startApp('green');
    await context.traffic.shift(BLUE_BEFORE_GREEN);
  };
  describe.each([
    ['from the active slot', straight],
    ['from its standby', around],
  ])('%s', (_where, arrange) => {
    beforeEach(arrange);

    test('deliver events one by one while the stream is open', async () => {
      expect(await events(5)).toMatch(/^data: 1 from/);
    });

    test('include WebSockets', async () => {
      const socket = open();
      socket.write(
        'GET /ws HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      expect(await read(socket, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')).toContain('101 Switching Protocols');
      socket.write('ping');
      expect(await read(socket, 'ping')).toMatch(/:ping$/);
    });
  });
});

describe('errors', () => {
  test('of nginx share one JSON shape', async () => {
    await context.traffic.shift(BLUE);
    const down = await context.ask('/version');
    expect(down).toMatchObject({
      status: 502,
      json: { error: { code: 'E_APP_DOWN', message: expect.any(String) } },
    });
    const large = await context.ask('/', {
      method: 'POST',
      headers: { 'content-length': String(26 * 1024 * 1024) },
    });
    expect(large).toMatchObject({ status: 413, json: { error: { code: 'E_TOO_LARGE' } } });
    const deployer = await context.ask('/_deploy/webhook', { method: 'POST', body: '{}' });
    expect(deployer).toMatchObject({ status: 503, json: { error: { code: 'E_DEPLOYER_DOWN' } } });
  });

  test.each([413, 500, 502, 503, 504])('of the app with status %d pass unchanged', async (status) => {
    await context.startApp('blue');
    await context.traffic.shift(BLUE);
    expect(await context.ask(`/fail?status=${status}`)).toMatchObject({
      status,
      json: { slot: 'blue', own: true },
    });
  });

  test('do not expose the files of the table', async () => {
    await context.startApp('blue');
    await context.traffic.shift(BLUE);
    expect((await context.ask('/all.blue')).json).toEqual({ version: 'blue' });
  });

  test('do not count a request for the address of the maintenance page as lost', async () => {
    await context.startApp('blue');
    await context.traffic.shift(BLUE);
    const from = logPosition(context.home);
    const answer = await context.ask('/switchyard-maintenance.html');
    expect(answer).toMatchObject({ status: 404, json: { error: { code: 'not_found' } } });
    await until('a line in the log', () => readRequests(context.home, from).requests.length === 1);
    const { requests } = readRequests(context.home, from);
    expect(countRequests(requests)).toMatchObject({ failed: 0, turnedAway: 0 });
  });
});

test("GitHub's largest payload reaches the deployer", async () => {
  await context.startApp('deployer');
  const body = Buffer.alloc(25 * 1024 * 1024, 'x');
  const answer = await context.ask('/_deploy/webhook', { method: 'POST', body });
  expect(answer).toMatchObject({ status: 201, json: { size: body.length } });
});

test('the log names the slot without query strings, and marks probes', async () => {
  await Promise.all([context.startApp('blue'), context.startApp('deployer')]);
  await context.traffic.shift(BLUE);
  const from = logPosition(context.home);
  await context.ask('/login?token=s3cret', { method: 'POST', body: 'x' });
  await context.ask('/_deploy/preview');
  await context.traffic.verify('/health');
  // nginx logs a request after sending the answer
  await until('three lines in the log', () => readRequests(context.home, from).requests.length === 3);
  const { requests } = readRequests(context.home, from);
  expect(requests.map(({ kind, uri }) => [kind, uri])).toEqual([
    ['app', '/login'],
    ['deploy', '/_deploy/preview'],
    ['probe', '/health'],
  ]);
  expect(requests[0]).toMatchObject({
    method: 'POST',
    status: 201,
    slot: 'blue',
    table: '',
    upstreams: [`127.0.0.1:${context.ports.blue}`],
    upstreamStatuses: [201],
  });
  expect(Math.abs(Date.now() - (requests[0]?.at ?? 0))).toBeLessThan(10_000);
  expect(countRequests(requests)).toMatchObject({
    served: 1,
    failed: 0,
    turnedAway: 0,
    slots: [{ slot: 'blue', requests: 1, errors: 0 }],
  });
});

test('verify returns the process that nginx reaches', async () => {
  await context.startApp('green');
  await context.traffic.shift({ active: 'green', standby: null });
  expect(await context.traffic.current()).toEqual({ active: 'green', standby: null });
  expect(await context.traffic.verify('/health')).toMatchObject({
    status: 200,
    commit: 'green',
    instance: 'instance-green',
  });
});

function open(): Socket {
  const socket = connect(context.ports.http, '127.0.0.1').setEncoding('utf8');
  sockets.push(socket);
  return socket;
}

/** Reads from the socket until the text appears. */
function read(socket: Socket, until: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const listen = (chunk: string): void => {
      text += chunk;
      if (!text.includes(until)) return;
      socket.off('data', listen);
      resolve(text);
    };
    socket.on('data', listen);
    socket.once('close', () => reject(new Error(`closed after: ${text}`)));
  });
}

/** The first events of a stream that stays open. A single one would not show buffering. */
function events(count: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request({
      port: context.ports.http,
      host: '127.0.0.1',
      path: '/events',
      agent: false,
    });
    asking.on('socket', (socket) => sockets.push(socket));
    asking.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.split('\n\n').length > count) resolve(text);
      });
      response.on('error', reject);
    });
    asking.on('error', reject);
    asking.end();
  });
}

test('the access log distinguishes client addresses and contains none', async () => {
  const from = logPosition(context.home);
  for (const [number, localAddress] of ['127.0.0.1', '127.0.0.2', '127.0.0.1'].entries()) {
    const to = { host: '127.0.0.1', port: context.ports.http, path: `/addresses/${number}` };
    const asking = request({ ...to, localAddress });
    const [response] = (await once(asking.end(), 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
  }
  const seen = await until('three lines', () => {
    const requests = readRequests(context.home, from).requests.filter(({ uri }) =>
      uri.startsWith('/addresses'),
    );
    // workers write their lines independently, so the order of the lines says nothing
    const inOrder = requests.sort((one, other) => one.uri.localeCompare(other.uri));
    return inOrder.length === 3 && inOrder.map(({ client }) => client);
  });
  expect(seen[0]).toMatch(/^\d\d\.\d\d$/);
  expect(seen[1]).not.toBe(seen[0]);
  expect(seen[2]).toBe(seen[0]);
  expect(readFileSync(context.home.accessLog, 'utf8')).not.toContain('127.0.0.2');
});
