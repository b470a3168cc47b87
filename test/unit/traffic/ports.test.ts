import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { establishedConnections } from '../../../deploy/os/connections';
import {
  isPortFree,
  listeningPorts,
  portHolder,
  portInUse,
  portInUseMessage,
} from '../../../deploy/os/port-holder';
import { withDescendants } from '../../../deploy/os/process-table';
import { needs, root } from '../../support/needs';
import { listeningSockets, parseRow, tcpSockets } from '../../../deploy/os/tcp-sockets';
import { OTHER_USER } from '../../support/other-user';

let server: Server;
let port: number;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer((socket) => sockets.push(socket));
  server.listen(0);
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test("a row of the kernel's socket table is parsed", () => {
  const row =
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 41223 1 0000000000000000 100 0 0 10 0';
  expect(parseRow(row)).toEqual({
    localPort: 8080,
    remote: '00000000:0000',
    state: 'listening',
    uid: 1000,
    isLocal: true,
    inode: '41223',
  });
  expect(parseRow(row.replace('0100007F', '0200007F'))).toMatchObject({ isLocal: false });
  expect(parseRow(row.replace('0100007F', '00000000'))).toMatchObject({ isLocal: true });
  expect(parseRow(row.replace(' 0A ', ' 01 '))).toMatchObject({ state: 'established' });
  expect(parseRow(row.replace(' 0A ', ' 06 '))).toMatchObject({ state: 'other' });
  expect(parseRow('')).toBeNull();
});

test('all listening sockets are found, and no others', async () => {
  const servers = Array.from({ length: 50 }, (_, number) =>
    createServer().listen(0, number % 2 ? '127.0.0.1' : undefined),
  );
  await Promise.all(servers.map((each) => once(each, 'listening')));
  await client();
  const ports = new Set(listeningSockets().map(({ localPort }) => localPort));
  for (const each of servers) expect(ports).toContain((each.address() as AddressInfo).port);
  expect(listeningSockets().every(({ state }) => state === 'listening')).toBe(true);
  expect(tcpSockets().some(({ state }) => state === 'established')).toBe(true);
  await Promise.all(servers.map((each) => new Promise((resolve) => each.close(resolve))));
});

test('the process that listens on a port is named with its pid', () => {
  expect(portHolder(port)).toEqual({ pid: process.pid, command: 'node' });
  expect(portInUseMessage(port)).toMatch(
    new RegExp(`^Port ${port} is held by \\S+ \\(pid ${process.pid}\\)\\.$`),
  );
});

test('the listening ports of a process are found, and none of an exited process', () => {
  expect(listeningPorts(process.pid)).toContain(port);
  expect(listeningPorts(2 ** 22)).toEqual([]);
});

test("the listening ports of a process include its children's, as in a container", async () => {
  const app = `require('net').createServer().listen(0, function () { console.log(this.address().port) })`;
  const starter = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(app)}], { stdio: 'inherit' })`;
  const first = spawn(process.execPath, ['-e', starter], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = (await once(first.stdout, 'data')) as [Buffer];

  expect(listeningPorts(first.pid as number)).toEqual([Number(output.toString())]);

  for (const pid of withDescendants([first.pid as number])) process.kill(pid);
  await once(first, 'close');
});

test('a port without a listener has no holder, even while connections to it are open', async () => {
  await client();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  expect(portInUse(port)).toBe(false);
  expect(portHolder(port)).toBeNull();
});

test.each(['127.0.0.1', '0.0.0.0', undefined])('a port in use on %s is not free', async (host) => {
  const holder = createServer().listen(0, host);
  await once(holder, 'listening');
  const held = (holder.address() as AddressInfo).port;
  expect(await isPortFree(held)).toBe(false);
  await new Promise((resolve) => holder.close(resolve));
  expect(await isPortFree(held)).toBe(true);
});

needs('root', root).test('a privileged port in use is not free for an ordinary user either', async () => {
  const holder = await privileged(1023);
  const held = (holder.address() as AddressInfo).port;
  process.seteuid?.(OTHER_USER);
  try {
    expect(await isPortFree(held)).toBe(false);
    await new Promise((resolve) => holder.close(resolve));
    expect(await isPortFree(held)).toBe(true);
  } finally {
    process.seteuid?.(0);
  }
});

test('an established connection to a port is counted once, not at both ends', async () => {
  expect(establishedConnections(port)).toBe(0);
  await Promise.all([client(), client(), client()]);
  expect(establishedConnections(port)).toBe(3);
});

test('a closed connection is not counted', async () => {
  const socket = await client();
  socket.destroy();
  while (establishedConnections(port) > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(establishedConnections(port)).toBe(0);
});

/** Listens on the first free port from this one downwards. */
async function privileged(from: number): Promise<Server> {
  const holder = createServer().listen(from);
  return once(holder, 'listening').then(
    () => holder,
    () => privileged(from - 1),
  );
}

/** A socket that is connected and accepted by the server. */
async function client(): Promise<Socket> {
  const accepted = once(server, 'connection');
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  await Promise.all([once(socket, 'connect'), accepted]);
  return socket;
}
