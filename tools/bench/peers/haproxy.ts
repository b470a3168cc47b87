/** HAProxy's runtime API: swaps the weights of two servers. */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { freePorts } from '../../../test/support/ports';
import { findProgram, output, startServer, stop, tempFolder, waitForAnswer } from '../processes';
import type { Upstreams } from '../types';
import type { Peer } from './peer';

const INSTALL = 'sudo apt-get install -y --no-install-recommends haproxy';

export const haproxy: Peer = {
  name: 'HAProxy weights',
  async detect() {
    const file = findProgram('haproxy');
    if (file === null) return { missing: 'haproxy is not installed', install: INSTALL };
    const version = /version (\S+?)[-+ ]/.exec(await output(file, ['-v']))?.[1] ?? '';
    return { version: `HAProxy ${version}` };
  },
  async start(upstreams) {
    const [port = 0] = await freePorts(1);
    const dir = tempFolder();
    const socket = path.join(dir, 'admin.sock');
    const file = path.join(dir, 'haproxy.cfg');
    writeFileSync(file, configuration(port, socket, upstreams));
    const child = startServer(findProgram('haproxy') ?? 'haproxy', ['-db', '-f', file]);
    await waitForAnswer(port);
    return {
      port,
      switchTo(slot) {
        const other = slot === 'blue' ? 'green' : 'blue';
        return send(socket, `set weight app/${slot} 100; set weight app/${other} 0`);
      },
      stop: () => stop(child),
    };
  },
};

function configuration(port: number, socket: string, { blue, green }: Upstreams): string {
  return `
global
    stats socket ${socket} mode 600 level admin
    maxconn 8192
defaults
    mode http
    timeout connect 1s
    timeout client 1h
    timeout server 1h
    http-reuse always
frontend front
    bind 127.0.0.1:${port}
    default_backend app
backend app
    server blue 127.0.0.1:${blue} weight 100
    server green 127.0.0.1:${green} weight 0
`;
}

/** Rejects with HAProxy's answer, which is empty for success. */
function send(socket: string, commands: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const connection = connect(socket, () => connection.end(`${commands}\n`));
    connection.on('data', (bytes) => (answer += bytes.toString()));
    connection.on('error', reject);
    connection.on('close', () =>
      answer.trim() === '' ? resolve() : reject(new Error(`haproxy: ${answer.trim()}`)),
    );
  });
}
