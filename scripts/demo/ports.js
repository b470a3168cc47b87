// @ts-check
/** Ports for a copy: the usual ones where they are free, so that it looks like what a new user sees. */
'use strict';
const net = require('net');

/** @typedef {{ http: number, blue: number, green: number, deployer: number }} Ports */

const USUAL = { http: 8000, blue: 8080, green: 8081, deployer: 9000 };

/**
 * @template {Record<string, number>} T
 * @param {T} [more] further ones by name, as they are usually
 * @returns {Promise<Ports & T>}
 */
async function choosePorts(more) {
  /** @type {Record<string, number>} */
  const ports = { ...USUAL, ...more };
  /** @type {number[]} */
  const chosen = [];
  for (const name of Object.keys(ports)) {
    let port = ports[name] || 0;
    while (chosen.includes(port) || !(await isFree(port))) port += 1;
    ports[name] = port;
    chosen.push(port);
  }
  return /** @type {any} */ (ports);
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
