/** Connections that outlast a drain: the push reports what it waits for and what it closes at the limit. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { expectDone, expectLive } from '../support/expect-live';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

let clone: TinyClone;
const sockets: Socket[] = [];

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 }, limits: { drain: 4, stop: 1 } });
  expectDone(await clone.start());
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await clone.cleanUp();
});

it('a push reports the connections that it waits for and those that it closes, by kind', async () => {
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  await Promise.all([open('/', upgrade), open('/', upgrade), open('/events'), open('/download')]);
  const second = await clone.release();
  expectLive(second);
  expect(second.text).not.toContain('limits.drain');

  const third = await clone.release({ files: { 'more/a.txt': 'a' } });

  expectLive(third);
  expect(third.text).toContain('waiting up to 4 s for 4 connections to blue (limits.drain)');
  expect(third.text).toContain(
    '4 connections to blue had to be closed after 4 s (limits.drain): 2 WebSockets, 1 event stream, 1 download',
  );
});

it('nginx buffers at most a megabyte of a download for a client that does not read', async () => {
  await open('/download');
  const folder = path.join(clone.home.nginx, 'temp-proxy');
  const bytes = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);
  expect(bytes).toBeLessThan(2e6);
});

/** Resolves at the first bytes of the answer and reads no further. */
async function open(where: string, headers = ''): Promise<void> {
  const socket = connect(clone.ports.http, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  socket.write(`GET ${where} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  await once(socket, 'readable');
}
