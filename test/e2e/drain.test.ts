/** Connections that outlast a drain: the push reports what it waits for and what it closes at the limit. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { expectDone, expectLive } from '../support/expect-live';
import { bufferedBytes } from '../support/nginx-buffers';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

let clone: TinyClone;
const sockets: Socket[] = [];

beforeAll(async () => {
  clone = await tinyClone({ bake: { seconds: 0 }, limits: { drain: 4, stop: 1 } });
  expectDone(await clone.start());
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => clone.cleanUp());

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

it('nginx buffers nothing on the disk for a client that does not read', async () => {
  await open('/download');
  // nginx would write the file during this time
  for (let request = 0; request < 100; request++) await clone.get('/work');

  expect(bufferedBytes(clone.home)).toBe(0);
});

/** Resolves at the first bytes of the answer and reads no further. */
async function open(where: string, headers = ''): Promise<void> {
  const socket = connect(clone.ports.http, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  socket.write(`GET ${where} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  await once(socket, 'readable');
}
