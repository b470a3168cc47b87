/** Webhook bodies over real sockets: slow, endless, many at the same time. The deployer's memory stays flat. */
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { signatureOf } from '../../deploy/http/webhook/signature';
import { deployment } from '../support/deployments';
import { BODY_LIMIT, SECRET, testWebhook } from '../support/webhook';

const AT_ONCE = 3;
const WITHIN_MS = 1000;
const MB = 1024 * 1024;
const PUSH = JSON.stringify({ ref: 'refs/heads/main' });
const SOME_SIGNATURE = `X-Hub-Signature-256: sha256=${'0'.repeat(64)}`;

let server: Server;
let requested: number;
const sockets: Socket[] = [];

beforeEach(async () => {
  requested = 0;
  const app = testWebhook({
    request: () => {
      requested += 1;
      return Promise.resolve(deployment({ id: requested }));
    },
    limits: { size: BODY_LIMIT, atOnce: AT_ONCE, withinMs: WITHIN_MS },
  });
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

it.each([
  ['without a signature', '', 'Content-Length: 24000000', '401'],
  ['with a signature of another form', 'X-Hub-Signature-256: sha1=00', 'Content-Length: 24000000', '401'],
  ['with two signatures', `${SOME_SIGNATURE}\r\n${SOME_SIGNATURE}`, 'Content-Length: 24000000', '401'],
  ['with a wrong token of GitLab', 'X-Gitlab-Token: a guess', 'Content-Length: 24000000', '401'],
  ['over the limit', SOME_SIGNATURE, 'Content-Length: 24000000', '413'],
  ['in chunks, without a signature', '', 'Transfer-Encoding: chunked', '401'],
])('a request %s is answered before its body is sent', async (_case, signature, length, status) => {
  expect(await answerTo(post([signature, length]))).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

it('a body in chunks is refused at the limit, while it is being sent', async () => {
  const socket = post([SOME_SIGNATURE, 'Transfer-Encoding: chunked']);
  const size = MB / 4;
  const chunk = `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`;
  const sending = setInterval(() => socket.write(chunk), 5);
  const answer = await answerTo(socket).finally(() => clearInterval(sending));
  expect(answer).toMatch(/^HTTP\/1.1 413 /);
});

it('a body that does not end is refused after its time limit, and its connection is closed', async () => {
  const socket = post([SOME_SIGNATURE, 'Content-Length: 100'], '{');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  expect(await answerTo(socket)).toMatch(/^HTTP\/1.1 408 [^]*Connection: close/);
  await closed;
});

it('one more body takes the place of the oldest, so slow senders do not keep a push out', async () => {
  const slow: Promise<string>[] = [];
  for (let sent = 0; sent < AT_ONCE; sent += 1) {
    slow.push(answerTo(post([SOME_SIGNATURE, 'Content-Length: 100'], '{')));
    await delay(20);
  }
  const begun = performance.now();
  const signature = `X-Hub-Signature-256: ${signatureOf(SECRET, Buffer.from(PUSH))}`;
  const push = post([signature, `Content-Length: ${PUSH.length}`, 'X-GitHub-Event: push'], PUSH);
  expect(await answerTo(push)).toMatch(/^HTTP\/1.1 202 /);
  expect(await slow[0]).toMatch(/^HTTP\/1.1 408 /);
  expect(performance.now() - begun).toBeLessThan(WITHIN_MS / 2);
  for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(requested).toBe(1);
});

it.each([
  ['without a signature', ''],
  ['with a wrong one', SOME_SIGNATURE],
])('60 bodies of 24 MB %s leave the memory flat', async (_case, signature) => {
  let most = 0;
  const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 5);
  await Promise.all(Array.from({ length: 60 }, () => upload(signature)));
  clearInterval(sampling);
  expect(most).toBeLessThan(150 * MB);
  expect(requested).toBe(0);
});

/** Sends 24 MB in chunks as fast as they are read, whatever the response. */
async function upload(signature: string): Promise<void> {
  const socket = post([signature, 'Transfer-Encoding: chunked']);
  const chunk = `10000\r\n${'x'.repeat(64 * 1024)}\r\n`;
  for (let sent = 0; sent < 24 * MB && !socket.destroyed; sent += 64 * 1024)
    if (!socket.write(chunk)) await drained(socket);
  socket.destroy();
}

/** Resolves when the socket takes more, when it is closed, or after a second. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(limit);
      socket.off('drain', done).off('close', done);
      resolve();
    };
    const limit = setTimeout(done, 1000);
    socket.on('drain', done).on('close', done);
  });
}

function post(headers: string[], body = ''): Socket {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  sockets.push(socket);
  const lines = ['POST /_deploy/webhook HTTP/1.1', 'Host: app', 'Content-Type: application/json', ...headers];
  socket.write(`${lines.filter((line) => line !== '').join('\r\n')}\r\n\r\n${body}`);
  return socket;
}

function answerTo(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('data', (data) => resolve(data.toString()));
    socket.once('close', () => reject(new Error('closed without an answer')));
  });
}
