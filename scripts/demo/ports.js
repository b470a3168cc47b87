// @ts-check
/** The ports of the demo: the usual ones where they are free, so that it looks like what a new user sees. */
'use strict';
const dgram = require('dgram');
const net = require('net');

/** @typedef {{ http: number, blue: number, green: number, deployer: number }} Ports */

const USUAL = { http: 8000, blue: 8080, green: 8081, deployer: 9000 };

/** Another demo on this machine gets others, also before anything listens on them. @returns {Promise<Ports>} */
async function choosePorts() {
  const ports = { ...USUAL };
  for (const name of /** @type {(keyof Ports)[]} */ (Object.keys(USUAL))) {
    while (!(await isFree(ports[name])) || !(await claim(ports[name]))) ports[name] += 1;
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

/**
 * Ours for as long as this process lives, though nothing listens there yet: by the UDP port of the same number, which
 * nobody has a use for, and which the system gives back however we end.
 * @param {number} port @returns {Promise<boolean>} false when somebody else has claimed it
 */
function claim(port) {
  return new Promise((resolve) => {
    const socket = dgram.createSocket('udp4').unref();
    socket.once('error', () => socket.close(() => resolve(false)));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
}

module.exports = { choosePorts };
