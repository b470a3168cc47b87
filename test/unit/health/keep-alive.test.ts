import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closesEarly } from '../../../deploy/health/keep-alive';
import { probe } from '../../../deploy/traffic/probe';

let server: Server;
afterEach(() => server.close());

async function listen(): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('a probe measures when an app closes an idle connection before nginx does', async () => {
  server = createServer((_request, response) => response.setHeader('Keep-Alive', 'off').end('{}'));
  server.on('connection', (socket) => socket.on('data', () => setTimeout(() => socket.end(), 300)));
  const ms = await closesEarly(await listen(), '/health');
  expect(ms).toBeGreaterThan(200);
  expect(ms).toBeLessThan(1000);
});

test.each<[string, () => Server]>([
  ['keeps its connections', () => createServer((_request, response) => response.end('{}'))],
  [
    'keeps them without saying so',
    () => createServer((_request, response) => response.setHeader('Keep-Alive', 'on').end('{}')),
  ],
  [
    'closes each connection and says so',
    () => createServer((_request, response) => response.setHeader('Connection', 'close').end('{}')),
  ],
])('a probe finds nothing in an app that %s', async (_what, app) => {
  server = app();
  expect(await closesEarly(await listen(), '/health')).toBeNull();
});

test('a probe finds no timeout on a port without a listener', async () => {
  server = createServer();
  const port = await listen();
  server.close();
  expect(await closesEarly(port, '/health')).toBeNull();
});

test('a probe notices 103 Early Hints', async () => {
  server = createServer((_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    response.end('{}');
  });
  const question = { port: await listen(), path: '/', timeoutMs: 1000 };
  expect(await probe(question)).toMatchObject({ status: 200, earlyHints: true });
});
