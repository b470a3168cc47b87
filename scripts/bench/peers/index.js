// @ts-check
/** What people use to switch traffic on one machine, ours among them. */
'use strict';

/**
 * @typedef {object} Slots
 * @property {number} blue ports of two upstreams that run
 * @property {number} green
 */
/**
 * @typedef {object} Running
 * @property {number} port
 * @property {(slot: 'blue' | 'green') => Promise<unknown>} switchTo returns when new requests go there
 * @property {() => Promise<unknown>} stop
 */
/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {() => Promise<{ version: string } | { missing: string, install: string }>} look
 * @property {(slots: Slots) => Promise<Running>} start
 */

/** @type {Peer[]} */
const PEERS = [
  require('./table'),
  require('./nginx-reload'),
  require('./pm2-reload'),
  require('./haproxy'),
  require('./caddy'),
  require('./kamal-proxy'),
];

module.exports = { PEERS };
