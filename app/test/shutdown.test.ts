import { Agent, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { gracefulShutdown } from '../shutdown';
import { afterwards, dial, fetchAll, get, listen, release, until } from './support';

/**
 * A release that listens, and the way to stop it as SIGTERM does. Node would keep an idle connection for 5 s and wait
 * for a silent one for 60: a stop that is in order within 3 s closed them itself.
 */
async function running(timeoutMs = 3_000) {
  const { app, stopping, messages } = await release();
  const server = createServer(app);
  const stop = gracefulShutdown(server, stopping, timeoutMs);
  let requests = 0;
  const sockets: Socket[] = [];
  server.on('request', () => requests++);
  server.on('connection', (socket: Socket) => sockets.push(socket));
  return {
    port: await listen(server),
    stop,
    messages,
    requestArrived: () => until(() => requests > 0),
    firstByteArrived: () => until(() => sockets.some(({ bytesRead }) => bytesRead > 0)),
    bytesArrived: (count: number) => until(() => sockets.some(({ bytesRead }) => bytesRead >= count)),
    connected: () => until(() => sockets.length > 0),
  };
}

test('a request in flight is finished, and its answer says that the connection ends', async () => {
  const { port, stop, requestArrived } = await running();
  const slow = await dial(port, get('/api/v1/slow?ms=150'));
  await requestArrived();
  const inOrder = stop();
  await slow.closed;
  expect(slow.text()).toMatch(/^HTTP\/1.1 200 OK\r\nConnection: close\r\n[^]*{"waited":150}$/);
  expect(await inOrder).toBe(true);
});

test('a body that is still arriving is taken and stored', async () => {
  const { port, stop, messages, requestArrived } = await running();
  const body = '{"text":"uploaded slowly"}';
  const head = `POST /api/v1/messages HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const upload = await dial(port, head + body.slice(0, 10));
  await requestArrived();
  const inOrder = stop();
  await new Promise((resolve) => setTimeout(resolve, 30));
  upload.socket.write(body.slice(10));
  await upload.closed;
  expect(upload.text()).toMatch(/^HTTP\/1.1 201 Created/);
  expect(await inOrder).toBe(true);
  expect(await messages.newestId()).toBe(1);
});

test('an answer that had begun, too early to announce it, is finished too, and its connection closed', async () => {
  const stopping = new AbortController();
  const server = createServer((_req, res) => {
    res.write('first half');
    stopping.signal.addEventListener('abort', () => setTimeout(() => res.end('second half'), 50));
  });
  const stop = gracefulShutdown(server, stopping, 3_000);
  const begun = await dial(await listen(server), get('/'));
  await begun.until(/first half/);
  expect(await stop()).toBe(true);
  await begun.closed;
  expect(begun.text()).toMatch(/keep-alive[^]*second half\r\n0\r\n\r\n$/);
});

test('new connections are refused', async () => {
  const { port, stop, requestArrived } = await running();
  const slow = await dial(port, get('/api/v1/slow?ms=100'));
  await requestArrived();
  const inOrder = stop();
  await expect(fetchAll({ port, path: '/version', agent: false })).rejects.toThrow('ECONNREFUSED');
  await slow.until(/waited/);
  expect(await inOrder).toBe(true);
});

test('a connection that is already there learns at /health that the end has come', async () => {
  const { port, stop, firstByteArrived } = await running();
  const half = await dial(port, 'GET /health HTTP/1.1\r\n');
  await firstByteArrived();
  const inOrder = stop();
  half.socket.write('Host: test\r\n\r\n');
  await half.closed;
  expect(half.text()).toMatch(/^HTTP\/1.1 503 [^]*Connection: close\r\n[^]*The server is stopping/);
  expect(await inOrder).toBe(true);
});

test('idle keep-alive connections are closed at once', async () => {
  const { port, stop } = await running();
  const agent = new Agent({ keepAlive: true });
  afterwards(() => agent.destroy());
  await fetchAll({ port, path: '/version', agent });
  expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
  expect(await stop()).toBe(true);
});

test('so is one whose request was answered before its body had come', async () => {
  const { port, stop, bytesArrived } = await running();
  const head = 'POST /nowhere HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n';
  const early = await dial(port, head);
  await early.until(/HTTP\/1.1 404/);
  early.socket.write('hello');
  await bytesArrived(head.length + 5);
  expect(await stop()).toBe(true);
  await early.closed;
});

test('a connection that never sent a byte does not hold up the end', async () => {
  const { port, stop, connected } = await running();
  const silent = await dial(port);
  await connected();
  expect(await stop()).toBe(true);
  await silent.closed;
});

test('but one whose first request was on its way is served', async () => {
  const { port, stop, connected } = await running();
  const late = await dial(port);
  await connected();
  const inOrder = stop();
  late.socket.write(get('/version'));
  await late.until(/HTTP\/1.1 200 OK/);
  expect(await inOrder).toBe(true);
});

test('streams are told and ended, and their kept connections closed', async () => {
  const { port, stop } = await running();
  const stream = await dial(port, get('/api/v1/messages/stream'));
  await stream.until(/: connected/);
  expect(await stop()).toBe(true);
  await stream.closed;
  expect(stream.text()).toMatch(/event: bye[^]*\r\n0\r\n\r\n$/);
});

test('what is not finished by the deadline is cut off, and that is said', async () => {
  const { port, stop, requestArrived } = await running(60);
  const endless = await dial(port, get('/api/v1/slow?ms=5000'));
  await requestArrived();
  expect(await stop()).toBe(false);
  await endless.closed;
  expect(endless.text()).toBe('');
});

test('a second signal changes nothing', async () => {
  const { stop } = await running();
  expect(stop()).toBe(stop());
  expect(await stop()).toBe(true);
});
