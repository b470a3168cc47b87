import { Agent, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { gracefulShutdown } from '../shutdown';
import { afterwards, dial, fetchAll, get, listen, release, until } from './support';

/**
 * A listening release, and a function that stops it as SIGTERM does. Node would keep an idle connection for 5 s and a
 * silent one for 60 s, so a graceful stop within 3 s has closed them itself.
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

test('a request in flight is finished, and its response announces that the connection closes', async () => {
  const { port, stop, requestArrived } = await running();
  const slow = await dial(port, get('/api/v1/slow?ms=150'));
  await requestArrived();
  const graceful = stop();
  await slow.closed;
  expect(slow.text()).toMatch(/^HTTP\/1.1 200 OK\r\nConnection: close\r\n[^]*{"waited":150}$/);
  expect(await graceful).toBe(true);
});

test('a body that is still arriving is accepted and stored', async () => {
  const { port, stop, messages, requestArrived } = await running();
  const body = '{"text":"uploaded slowly"}';
  const head = `POST /api/v1/messages HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const upload = await dial(port, head + body.slice(0, 10));
  await requestArrived();
  const graceful = stop();
  await new Promise((resolve) => setTimeout(resolve, 30));
  upload.socket.write(body.slice(10));
  await upload.closed;
  expect(upload.text()).toMatch(/^HTTP\/1.1 201 Created/);
  expect(await graceful).toBe(true);
  expect(await messages.newestId()).toBe(1);
});

test('a response that started too early for that announcement is finished, and its connection closed', async () => {
  const stopping = new AbortController();
  const server = createServer((_req, res) => {
    res.write('first half');
    stopping.signal.addEventListener('abort', () => setTimeout(() => res.end('second half'), 50));
  });
  const stop = gracefulShutdown(server, stopping, 3_000);
  const started = await dial(await listen(server), get('/'));
  await started.until(/first half/);
  expect(await stop()).toBe(true);
  await started.closed;
  expect(started.text()).toMatch(/keep-alive[^]*second half\r\n0\r\n\r\n$/);
});

test('new connections are refused', async () => {
  const { port, stop, requestArrived } = await running();
  const slow = await dial(port, get('/api/v1/slow?ms=100'));
  await requestArrived();
  const graceful = stop();
  await expect(fetchAll({ port, path: '/version', agent: false })).rejects.toThrow('ECONNREFUSED');
  await slow.until(/waited/);
  expect(await graceful).toBe(true);
});

test('an open connection gets a 503 from /health that says the server is stopping', async () => {
  const { port, stop, firstByteArrived } = await running();
  const half = await dial(port, 'GET /health HTTP/1.1\r\n');
  await firstByteArrived();
  const graceful = stop();
  half.socket.write('Host: test\r\n\r\n');
  await half.closed;
  expect(half.text()).toMatch(/^HTTP\/1.1 503 [^]*Connection: close\r\n[^]*The server is stopping/);
  expect(await graceful).toBe(true);
});

test('idle keep-alive connections are closed immediately', async () => {
  const { port, stop } = await running();
  const agent = new Agent({ keepAlive: true });
  afterwards(() => agent.destroy());
  await fetchAll({ port, path: '/version', agent });
  expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
  expect(await stop()).toBe(true);
});

test('a connection whose request was answered before its body arrived is closed immediately', async () => {
  const { port, stop, bytesArrived } = await running();
  const head = 'POST /nowhere HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n';
  const early = await dial(port, head);
  await early.until(/HTTP\/1.1 404/);
  early.socket.write('hello');
  await bytesArrived(head.length + 5);
  expect(await stop()).toBe(true);
  await early.closed;
});

test('a connection that never sent a byte does not delay the stop', async () => {
  const { port, stop, connected } = await running();
  const silent = await dial(port);
  await connected();
  expect(await stop()).toBe(true);
  await silent.closed;
});

test('a connection whose first request is on its way is still served', async () => {
  const { port, stop, connected } = await running();
  const late = await dial(port);
  await connected();
  const graceful = stop();
  late.socket.write(get('/version'));
  await late.until(/HTTP\/1.1 200 OK/);
  expect(await graceful).toBe(true);
});

test('streams get a last event and end, and their connections are closed', async () => {
  const { port, stop } = await running();
  const stream = await dial(port, get('/api/v1/messages/stream'));
  await stream.until(/: connected/);
  expect(await stop()).toBe(true);
  await stream.closed;
  expect(stream.text()).toMatch(/event: bye[^]*\r\n0\r\n\r\n$/);
});

test('a request unfinished at the deadline is cut off, and the stop reports it', async () => {
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
