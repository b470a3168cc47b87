import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isHolderHidden } from '../../../deploy/os/port-holder';
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
