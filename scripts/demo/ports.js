// @ts-check
/** The ports of the demo: the usual ones where they are free, so that it looks like what a new user sees. */
'use strict';
const net = require('net');

/** @typedef {{ http: number, blue: number, green: number, deployer: number }} Ports */

const USUAL = { http: 8000, blue: 8080, green: 8081, deployer: 9000 };

/** @returns {Promise<Ports>} */
async function choosePorts() {
  const ports = { ...USUAL };
  /** @type {number[]} */
  const chosen = [];
  for (const name of /** @type {(keyof Ports)[]} */ (Object.keys(USUAL))) {
    while (chosen.includes(ports[name]) || !(await isFree(ports[name]))) ports[name] += 1;
    chosen.push(ports[name]);
  }
  return ports;
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

module.exports = { choosePorts };
