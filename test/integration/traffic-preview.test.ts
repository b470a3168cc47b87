/** Testers reach a held slot with a token, as long as the token's file exists. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import express from 'express';
import { closePreview, openPreview, tokenFor } from '../../deploy/traffic/preview-tokens';
import { previewQuery } from '../../deploy/http/preview/link';
import { previewRoutes } from '../../deploy/http/preview/routes';
import { countRequests, logPosition, readRequests } from '../../deploy/traffic/access-log';
import { deployment } from '../support/deployments';
import { trafficFixture, type Answer, type TinyApp, type TrafficFixture } from '../support/traffic-fixture';
import { until } from '../support/until';

const BLUE = { active: 'blue', standby: null };
const SECRET = 'a5f0c3d2e1b4968778695a4b3c2d1e0f';

let context: TrafficFixture;
let green: TinyApp;
let token: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  context = await trafficFixture({ trustedProxies: ['127.0.0.1'] });
  await context.nginx.start();
  [, green] = await Promise.all([context.startApp('blue'), context.startApp('green')]);
});
beforeEach(async () => {
  await context.traffic.shift(BLUE);
  openPreview(context.home, 'green');
  token = tokenFor(context.home, 'green') as string;
});
afterEach(() => {
  closePreview(context.home);
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => context.cleanUp());

const byCookie = (value: string): Record<string, string> => ({ cookie: `a=1; switchyard_preview=${value}` });
const byHeader = (value: string): Record<string, string> => ({ 'x-switchyard-preview': value });
const ask = (headers: Record<string, string>, where = '/version'): Promise<Answer> =>
  context.ask(where, { headers });

describe.each([
  ['a cookie', byCookie],
  ['a header', byHeader],
])('with the token in %s', (_where, carrying) => {
  test('a tester gets the held slot and a user the active one', async () => {
    const tester = await ask(carrying(token));
    expect(tester.json).toEqual({ version: 'green' });
    expect(tester.headers).toMatchObject({
      'cache-control': 'private, no-store',
      'x-switchyard-slot': 'green',
    });
    const user = await ask({});
    expect(user.json).toEqual({ version: 'blue' });
    expect(user.headers).not.toHaveProperty('x-switchyard-slot');
    expect(user.headers).not.toHaveProperty('cache-control');
  });

  test('method, body and path reach the held slot unchanged', async () => {
    const body = Buffer.alloc(3 * 1024 * 1024, 'x');
    const posted = await context.ask('/api/v1/messages', { method: 'POST', headers: carrying(token), body });
    expect(posted).toMatchObject({ status: 201, json: { slot: 'green', size: body.length } });
    const echoed = await ask({ ...carrying(token), host: 'shop.example:8443' }, '/echo?q=%2F1');
    expect(echoed.json).toMatchObject({ slot: 'green', url: '/echo?q=%2F1' });
    expect(echoed.json.headers).toMatchObject({ host: 'shop.example:8443', 'x-real-ip': '127.0.0.1' });
    expect(echoed.json.headers).not.toHaveProperty('x-switchyard-preview');
  });

  test.each([
    ['an unknown token', () => '0123456789abcdef0123456789abcdef'],
    ['a token in capitals', () => token.toUpperCase()],
    ['a token that is too long', () => `${token}0`],
    ['a path', () => `../preview/${token}`],
    ['a token for the other slot', () => `${token}.green`],
    ['an empty token', () => ''],
  ])('%s is ignored, and the request gets the active slot', async (_case, wrong) => {
    const answer = await ask(carrying(wrong()));
    expect(answer.json).toEqual({ version: 'blue' });
    expect(answer.headers).not.toHaveProperty('x-switchyard-slot');
    const posted = await context.ask('/api', { method: 'POST', headers: carrying(wrong()), body: 'x' });
    expect(posted).toMatchObject({ status: 201, json: { slot: 'blue', size: 1 } });
  });

  test('the token is invalid as soon as its file is removed', async () => {
    expect((await ask(carrying(token))).json).toEqual({ version: 'green' });
    closePreview(context.home);
    expect((await ask(carrying(token))).json).toEqual({ version: 'blue' });
  });

  test('testers reach the held slot although the table names no slot for users', async () => {
    await context.traffic.shift({ active: null, standby: null });
    expect(await ask(carrying('0'.repeat(32)))).toMatchObject({
      status: 503,
      json: { error: { code: 'E_NO_SLOT' } },
    });
    expect((await ask(carrying(token))).json).toEqual({ version: 'green' });
  });
});

test('the header takes precedence over the cookie', async () => {
  expect((await ask({ ...byCookie('0'.repeat(32)), ...byHeader(token) })).json).toEqual({ version: 'green' });
});

test('each slot has its own tokens, so a tester can select either side', async () => {
  openPreview(context.home, 'blue');
  const forBlue = tokenFor(context.home, 'blue') as string;
  for (const active of ['blue', 'green']) {
    await context.traffic.shift({ active, standby: null });
    expect((await ask(byCookie(forBlue))).json).toEqual({ version: 'blue' });
    expect((await ask(byCookie(token))).json).toEqual({ version: 'green' });
    expect((await ask({})).json).toEqual({ version: active });
  }
});

test("the app's own answers and errors pass with a no-store header", async () => {
  const answer = await ask(byHeader(token), '/fail?status=503');
  expect(answer).toMatchObject({ status: 503, json: { slot: 'green', own: true } });
  expect(answer.headers).toMatchObject({ 'cache-control': 'private, no-store' });
});

test('a body that is too large is refused for testers as for users', async () => {
  const headers = { ...byHeader(token), 'content-length': String(26 * 1024 * 1024) };
  expect(await context.ask('/', { method: 'POST', headers })).toMatchObject({
    status: 413,
    json: { error: { code: 'E_TOO_LARGE' } },
  });
});

test('testers can use 100 Continue, WebSockets and event streams', async () => {
  const upload = open();
  upload.write(
    `POST /api HTTP/1.1\r\nHost: app\r\nX-Switchyard-Preview: ${token}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
  );
  await read(upload, '100 Continue');
  upload.write('12345');
  expect(await read(upload, '}')).toContain('"slot":"green","size":5');

  const socket = open();
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: app\r\nCookie: switchyard_preview=${token}\r\nConnection: Upgrade\r\n` +
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await read(socket, '101 Switching Protocols');
  socket.write('ping');
  expect(await read(socket, 'ping')).toContain('green:ping');

  const events = open();
  events.write(`GET /events HTTP/1.1\r\nHost: app\r\nX-Switchyard-Preview: ${token}\r\n\r\n`);
  expect(await read(events, 'data: 5 ')).toContain('data: 1 from green');
});

test('connections of testers and users stay open', async () => {
  const socket = open();
  for (const [header, slot] of [
    [`X-Switchyard-Preview: ${token}\r\n`, 'green'],
    ['', 'blue'],
    [`X-Switchyard-Preview: ${'0'.repeat(32)}\r\n`, 'blue'],
  ]) {
    socket.write(`GET /version HTTP/1.1\r\nHost: app\r\n${header}\r\n`);
    expect(await read(socket, '}')).toContain(`{"version":"${slot}"}`);
  }
});

test('the log marks testers, counts exclude them, and their token is not logged', async () => {
  const from = logPosition(context.home);
  await ask(byCookie(token), '/fail?status=500');
  await ask(byHeader(token), `/version?token=${token}`);
  await ask(byHeader('0'.repeat(32)));
  await ask({});
  await until('four lines in the log', () => readRequests(context.home, from).requests.length === 4);
  const { requests } = readRequests(context.home, from);
  expect(requests.map(({ kind }) => kind).sort()).toEqual(['app', 'app', 'preview', 'preview']);
  expect(countRequests(requests)).toMatchObject({
    served: 2,
    failed: 0,
    turnedAway: 0,
    slots: [{ slot: 'blue', requests: 2, errors: 0 }],
  });
  expect(readFileSync(context.home.accessLog, 'utf8')).not.toContain(token);
});

test('a tester of a dead slot gets an error and never another slot', async () => {
  await context.traffic.shift({ active: 'blue', standby: 'green' });
  await green.end('SIGKILL');
  try {
    const answer = await ask(byHeader(token));
    expect(answer).toMatchObject({ status: 502, json: { error: { code: 'E_APP_DOWN' } } });
    expect(answer.headers).toMatchObject({
      'cache-control': 'private, no-store',
      'x-switchyard-slot': 'green',
    });
    expect((await ask({})).json).toEqual({ version: 'blue' });
  } finally {
    green = await context.startApp('green');
  }
});

test('the preview folder can be entered by the worker but listed only by its owner', () => {
  expect(statSync(context.home.preview).mode & 0o777).toBe(0o711);
  expect(readdirSync(context.home.preview)).toEqual([`${token}.green`]);
  expect(existsSync(path.join(context.home.preview, `${token}.blue`))).toBe(false);
});

describe('a preview link', () => {
  const held = deployment({
    id: 7,
    state: 'holding',
    createdAt: 5_000,
    to: { slot: 'green', commit: 'c', version: '1' },
  });
  let state: typeof held;
  const link = (query: string): Promise<Answer> => context.ask(`/_deploy/preview?${query}`);
  const inAnHour = (): number => Date.now() + 3_600_000;

  beforeAll(async () => {
    const app = express();
    app.use(
      previewRoutes({
        secrets: () => [SECRET],
        home: context.home,
        journal: { get: (id) => (id === 7 ? state : null) },
      }),
    );
    const server = app.listen(context.ports.deployer, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    afterLinks = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  });
  let afterLinks: () => Promise<unknown>;
  afterAll(() => afterLinks());
  beforeEach(() => (state = held));

  test('sets a cookie that nginx accepts until the link expires', async () => {
    const answer = await link(previewQuery(SECRET, held, inAnHour()));
    expect(answer).toMatchObject({ status: 302, headers: { location: '/', 'cache-control': 'no-store' } });
    const [cookie] = answer.headers['set-cookie'] as [string];
    expect(cookie).toMatch(
      new RegExp(
        `^switchyard_preview=${token}; Max-Age=(3600|3599); Path=/; Expires=[^;]+; HttpOnly; SameSite=Lax$`,
      ),
    );
    expect((await ask({ cookie: cookie.split(';')[0] as string })).json).toEqual({ version: 'green' });
    // with the cookie, the path still reaches the deployer
    expect((await context.ask('/_deploy/preview', { headers: byCookie(token) })).status).toBe(403);
  });

  test('sets a secure cookie only over HTTPS', async () => {
    const headers = { 'x-forwarded-proto': 'https' };
    const answer = await context.ask(`/_deploy/preview?${previewQuery(SECRET, held, inAnHour())}`, {
      headers,
    });
    expect((answer.headers['set-cookie'] as [string])[0]).toContain('; Secure');
  });

  test.each<[string, number, () => string]>([
    ['with another secret', 403, () => previewQuery(`${SECRET}0`, held, inAnHour())],
    [
      'for another deployment',
      403,
      () => previewQuery(SECRET, { ...held, id: 8 }, inAnHour()).replace('id=8', 'id=7'),
    ],
    ['from an earlier journal', 403, () => previewQuery(SECRET, { ...held, createdAt: 4_000 }, inAnHour())],
    [
      'with a changed expiry',
      403,
      () => previewQuery(SECRET, held, inAnHour()).replace(/expires=\d/, 'expires=9'),
    ],
    ['without a signature', 403, () => `id=7&expires=${inAnHour()}`],
    [
      'with duplicate parameters',
      403,
      () => `${previewQuery(SECRET, held, inAnHour())}&${previewQuery(SECRET, held, inAnHour())}`,
    ],
    ['without parameters', 403, () => ''],
    ['from a clock far ahead', 410, () => previewQuery(SECRET, held, Date.now() + 365 * 24 * 60 * 60 * 1000)],
    ['after its expiry', 410, () => previewQuery(SECRET, held, Date.now() - 1)],
  ])('is refused %s', async (_case, status, query) => {
    const answer = await link(query());
    expect(answer).toMatchObject({ status, json: { error: { code: 'E_PREVIEW' } } });
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  test('is valid during the steps of a canary', async () => {
    const judge = { do: 'judge', slot: 'green', commit: 'c', instance: 'i', restarts: 0 } as const;
    const plan = [{ step: { ...judge, against: ['blue'], share: 5, seconds: 60 }, undo: [] }];
    state = { ...held, state: 'running', plan };
    expect(await link(previewQuery(SECRET, held, inAnHour()))).toMatchObject({ status: 302 });
    state = { ...state, state: 'baking' };
    expect(await link(previewQuery(SECRET, held, inAnHour()))).toMatchObject({ status: 410 });
  });

  test.each(['succeeded', 'aborted', 'running'] as const)(
    'is invalid for a deployment in the state %s',
    async (now) => {
      state = { ...held, state: now };
      const query = previewQuery(SECRET, held, inAnHour());
      expect(await link(query)).toMatchObject({ status: 410, json: { error: { code: 'E_PREVIEW' } } });
      const page = await context.ask(`/_deploy/preview?${query}`, { headers: { accept: 'text/html' } });
      expect(page).toMatchObject({ status: 410, headers: { 'content-type': 'text/html; charset=utf-8' } });
      expect(page.body).toContain('This version is no longer held.');
    },
  );
});

function open(): Socket {
  const socket = connect(context.ports.http, '127.0.0.1').setEncoding('utf8');
  sockets.push(socket);
  return socket;
}

/** Reads from the socket until the text appears. */
function read(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const listen = (chunk: string): void => {
      received += chunk;
      if (!received.includes(text)) return;
      socket.off('data', listen);
      resolve(received);
    };
    socket.on('data', listen);
    socket.once('close', () => reject(new Error(`closed after: ${received}`)));
  });
}
