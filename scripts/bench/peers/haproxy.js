// @ts-check
/** HAProxy's runtime API: the weights of two servers change places. */
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');
const { ended, findProgram, freePorts, output, scratch, serve, untilAnswers } = require('../processes');

const INSTALL = 'sudo apt-get install -y --no-install-recommends haproxy';

/** @type {import('.').Peer} */
module.exports = {
  name: 'HAProxy weights',
  async look() {
    const file = findProgram('haproxy');
    if (file === null) return { missing: 'haproxy is not installed', install: INSTALL };
    const version = /version (\S+?)[-+ ]/.exec(await output(file, ['-v']))?.[1] ?? '';
    return { version: `HAProxy ${version}` };
  },
  async start(slots) {
    const [port] = /** @type {[number]} */ (await freePorts(1));
    const dir = scratch();
    const socket = path.join(dir, 'admin.sock');
    const file = path.join(dir, 'haproxy.cfg');
    fs.writeFileSync(file, configuration(port, socket, slots));
    const child = serve(/** @type {string} */ (findProgram('haproxy')), ['-db', '-f', file]);
    await untilAnswers(port);
    return {
      port,
      async switchTo(slot) {
        const other = slot === 'blue' ? 'green' : 'blue';
        await tell(socket, `set weight app/${slot} 100; set weight app/${other} 0`);
      },
      stop: () => ended(child),
    };
  },
};

/** @param {number} port @param {string} socket @param {import('.').Slots} slots */
function configuration(port, socket, { blue, green }) {
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

/** @param {string} socket @param {string} commands @returns {Promise<void>} */
function tell(socket, commands) {
  return new Promise((resolve, reject) => {
    let said = '';
    const line = net.connect(socket, () => line.end(`${commands}\n`));
    line.on('data', (bytes) => (said += bytes));
    line.on('error', reject);
    line.on('close', () => (said.trim() === '' ? resolve() : reject(new Error(`haproxy: ${said.trim()}`))));
  });
}
