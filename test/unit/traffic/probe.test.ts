import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { probe } from '../../../deploy/traffic/probe';
import { freePorts } from '../../support/ports';

let server: Server;
const answering = async (listener: RequestListener): Promise<number> => {
  server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server?.listening ? server.close(resolve) : resolve(undefined)));
});
const ask = (port: number, timeoutMs = 2000) => probe({ port, path: '/health', timeoutMs });

test('a probe returns the commit and the instance of the answer', async () => {
  const port = await answering((_req, res) => res.end(JSON.stringify({ commit: 'c1', instance: 'i1' })));
  expect(await ask(port)).toEqual({
    status: 200,
    commit: 'c1',
    instance: 'i1',
    ms: expect.any(Number),
    message: '200 {"commit":"c1","instance":"i1"}',
  });
});

test('a probe requests the path under its own name on a connection that closes', async () => {
  let received: unknown;
  const port = await answering((req, res) => {
    received = {
      url: req.url,
      agent: req.headers['user-agent'],
      connection: req.headers.connection,
      host: req.headers.host,
    };
    res.end();
  });
  await probe({ port, path: '/h?x=1', timeoutMs: 2000, host: 'shop.example' });
  expect(received).toEqual({
    url: '/h?x=1',
    agent: 'switchyard-probe',
    connection: 'close',
    host: 'shop.example',
  });
});

test('control sequences in an answer are removed', async () => {
  const port = await answering((_req, res) => res.writeHead(500).end('\u001b]0;owned\u0007\nno'));
  expect((await ask(port)).message).toBe('500 no');
});

test('an answer with an error status still names commit and instance', async () => {
  const port = await answering((_req, res) =>
    res.writeHead(503).end('{"status":"stopping","commit":"c1","instance":"i1"}'),
  );
  expect(await ask(port)).toMatchObject({ status: 503, commit: 'c1', instance: 'i1' });
});

test.each(['<html>', '"text"', 'null', '{"commit":5}', ''])(
  'an answer of %p has no commit and no instance',
  async (body) => {
    const port = await answering((_req, res) => res.end(body));
    expect(await ask(port)).toMatchObject({ status: 200, commit: null, instance: null });
  },
);

test('the text of an answer is shortened to one line', async () => {
  const port = await answering((_req, res) => res.end(`a\n  b ${'x'.repeat(1000)}`));
  const { message } = await ask(port);
  expect(message).toMatch(/^200 a b x+…$/);
  expect(message.length).toBeLessThan(150);
});

test('a port without a listener refuses the connection', async () => {
  const [port] = await freePorts(1);
  expect(await ask(port ?? 0)).toMatchObject({ status: null, message: 'connection refused' });
});

test('a connection closed without an answer is reported as such', async () => {
  const port = await answering((req) => req.socket.destroy());
  expect(await ask(port)).toMatchObject({ status: null, message: 'connection closed without an answer' });
});

test('a probe gives up after its time limit', async () => {
  const port = await answering(() => undefined);
  expect(await ask(port, 30)).toMatchObject({ status: null, message: 'no answer in 30 ms' });
});

test('an answer that never completes is not an answer', async () => {
  const port = await answering((_req, res) => {
    const drip = setInterval(() => res.write(' '), 5);
    res.on('close', () => clearInterval(drip));
  });
  expect(await ask(port, 60)).toMatchObject({ status: null, message: 'no answer in 60 ms' });
});

test('an endless answer is read only as far as needed', async () => {
  const port = await answering((_req, res) => {
    const pour = (): void => {
      while (!res.destroyed && res.write('x'.repeat(16_384)));
    };
    res.on('drain', pour);
    pour();
  });
  expect(await ask(port)).toMatchObject({ status: 200, commit: null });
});

test('a path that no request can contain is an error in the answer', async () => {
  expect(await probe({ port: 1, path: '/a b', timeoutMs: 100 })).toMatchObject({
    status: null,
    message: expect.stringContaining('unescaped'),
  });
});

test('a probe works over a unix socket too', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'switchyard-probe-'));
  const socketPath = path.join(dir, 'x.sock');
  server = createServer((_req, res) => res.end('{"commit":"c2"}'));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  expect(await probe({ socketPath, path: '/', timeoutMs: 2000 })).toMatchObject({
    status: 200,
    commit: 'c2',
  });
  expect(await probe({ socketPath: `${socketPath}.not`, path: '/', timeoutMs: 2000 })).toMatchObject({
    message: 'no such socket',
  });
  rmSync(dir, { recursive: true });
});
