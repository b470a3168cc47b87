import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { isHolderHidden, localHolders, portHolders } from '../../../deploy/os/port-holder';
import { afterwards } from '../../support/temp-home';

/** Listens on a port, prints it, and then closes and opens it for ever. */
const PROGRAM = `
  const { createServer } = require('node:net');
  const listen = (port) => {
    const server = createServer().listen(port, '127.0.0.1', () => {
      const { port: own } = server.address();
      if (port === 0) process.stdout.write(String(own));
      server.close(() => listen(own));
    });
  };
  listen(0);`;

it('a port that passes from socket to socket has no hidden holder', async () => {
  const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  afterwards(() => child.kill('SIGKILL'));
  const port = Number(String(await once(child.stdout, 'data')));

  const looks = Array.from({ length: 60 }, () => isHolderHidden(port));

  expect(looks).not.toContain(true);
});

it('a process on another address of the machine does not hold the port of 127.0.0.1', async () => {
  const own = createServer().listen(0, '127.0.0.1');
  await once(own, 'listening');
  const { port } = own.address() as AddressInfo;
  const listen = `require('node:net').createServer().listen(${port}, '127.0.0.2', () => console.log('listens'))`;
  const other = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  afterwards(() => other.kill('SIGKILL'));
  afterwards(() => own.close());
  await once(other.stdout, 'data');

  expect(localHolders(port).map(({ pid }) => pid)).toEqual([process.pid]);
  expect(portHolders(port).map(({ pid }) => pid)).toContain(other.pid);
});

it('a process on every address holds the port of 127.0.0.1', async () => {
  const everywhere = createServer().listen(0);
  await once(everywhere, 'listening');
  afterwards(() => everywhere.close());
  const { port } = everywhere.address() as AddressInfo;

  expect(localHolders(port).map(({ pid }) => pid)).toEqual([process.pid]);
});
