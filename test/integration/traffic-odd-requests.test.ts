/** Requests and responses that nginx treats in its own way. */
import { connect } from 'node:net';
import { findNginx, passesEarlyHints } from '../../deploy/traffic/nginx-binary';
import { trafficFixture, type TrafficFixture } from '../support/traffic-fixture';

let context: TrafficFixture;
beforeAll(async () => {
  context = await trafficFixture();
  await context.startApp('blue');
  await context.nginx.start();
  await context.traffic.shift({ active: 'blue', standby: null });
});
afterAll(() => context.cleanUp());

/** Everything that nginx sends until it closes the connection or the time is over. */
function raw(request: string, withinMs?: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(context.ports.http, '127.0.0.1').setEncoding('latin1');
    let text = '';
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(request);
    if (withinMs) setTimeout(() => socket.destroy(), withinMs);
  });
}

const HOST = 'Host: a\r\nConnection: close\r\n';

test.each([
  ['HTTP/1.1 without Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'E_BAD_REQUEST'],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 400, 'E_BAD_REQUEST'],
  ['an empty Host in HTTP/1.0', 'GET / HTTP/1.0\r\nHost:\r\n\r\n', 400, 'E_BAD_REQUEST'],
  ['garbage', 'hello\r\n\r\n', 400, 'E_BAD_REQUEST'],
  ['a path that leaves the root', `GET /../x HTTP/1.1\r\n${HOST}\r\n`, 400, 'E_BAD_REQUEST'],
  ['an invalid escape', `GET /%zz HTTP/1.1\r\n${HOST}\r\n`, 400, 'E_BAD_REQUEST'],
  ['CONNECT', `CONNECT a:80 HTTP/1.1\r\n${HOST}\r\n`, 400, 'E_BAD_REQUEST'],
  ['TRACE', `TRACE / HTTP/1.1\r\n${HOST}\r\n`, 405, 'E_METHOD'],
  ['a long address', `GET /${'a'.repeat(70_000)} HTTP/1.1\r\n${HOST}\r\n`, 414, 'E_URI_TOO_LONG'],
  ['large headers', `GET / HTTP/1.1\r\n${HOST}X: ${'a'.repeat(70_000)}\r\n\r\n`, 431, 'E_HEADERS_TOO_LARGE'],
  ['an unknown coding', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: x\r\n\r\n`, 501, 'E_TRANSFER_CODING'],
  ['an unknown version', `GET / HTTP/9.9\r\n${HOST}\r\n`, 505, 'E_HTTP_VERSION'],
])('nginx refuses %s with JSON', async (_what, request, status, code) => {
  const text = await raw(request);
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status}\\b`));
  expect(JSON.parse(text.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error: { code } });
});

test('nginx does not serve its own error pages to a client', async () => {
  expect(await context.ask('/_deploy/errors/400')).toMatchObject({
    status: 404,
    json: { error: { code: 'not_found' } },
  });
});

test('nginx refuses a length beside chunks, or ignores the length before nginx 1.21.1', async () => {
  const { version } = await findNginx(process.env.PATH ?? '');
  const both = 'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n';
  const text = await raw(`POST / HTTP/1.1\r\n${HOST}${both}\r\n5\r\nhello\r\n0\r\n\r\n`);
  const isOld = /^1\.(18|19|20)\./.test(version);
  expect(text).toMatch(isOld ? /^HTTP\/1\.1 201 .*"size":5}/s : /^HTTP\/1\.1 400 .*E_BAD_REQUEST/s);
});

test('nginx passes HTTP/1.0 without Host to the app', async () => {
  const text = await raw('GET /echo HTTP/1.0\r\n\r\n');
  expect(text).toContain('HTTP/1.1 200 OK');
  expect(text).toContain('"host":"localhost"');
});

test('nginx passes only the upgrade of a WebSocket', async () => {
  const text = await raw(
    `GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n`,
  );
  expect(text).toContain('"slot":"blue"');
  expect(text).not.toMatch(/upgrade|h2c/i);
});

test('nginx drops headers whose name an app could take for another one', async () => {
  const text = await raw(`GET /echo HTTP/1.1\r\n${HOST}X_Real_IP: 1\r\nX.Real.IP: 2\r\nX-Three: 3\r\n\r\n`);
  expect(text).toContain('"x-three":"3"');
  expect(text).not.toMatch(/x[_.]real/);
});

test('nginx passes 30 KB of response headers, and names an app that sends more', async () => {
  expect(await raw(`GET /large-headers?bytes=30000 HTTP/1.1\r\n${HOST}\r\n`)).toContain('HTTP/1.1 200 OK');
  expect(await context.ask('/large-headers?bytes=40000')).toMatchObject({
    status: 502,
    json: { error: { code: 'E_APP_RESPONSE' } },
  });
});

test('nginx passes a body, but not its trailers', async () => {
  const text = await raw(`GET /trailers HTTP/1.1\r\n${HOST}TE: trailers\r\n\r\n`);
  expect(text).toContain('4\r\nbody\r\n0\r\n\r\n');
  expect(text).not.toContain('X-Sum: 4');
});

test('nginx before 1.29 holds the answer after 103 Early Hints until the app closes the connection', async () => {
  const { version } = await findNginx(process.env.PATH ?? '');
  const text = await raw(`GET /early-hints HTTP/1.1\r\n${HOST}\r\n`, 1000);
  const whole = await raw(`GET /early-hints HTTP/1.1\r\n${HOST}\r\n`);
  expect(text).toMatch(passesEarlyHints(version) ? /^HTTP\/1\.1 200 OK\r\n/ : /^$/);
  // an old nginx takes the 103 for the response, and what follows for its body
  expect(whole).toMatch(
    passesEarlyHints(version) ? /^HTTP\/1\.1 200 OK\r\n/ : /^HTTP\/1\.1 103 .*HTTP\/1\.1 200 OK/s,
  );
});
