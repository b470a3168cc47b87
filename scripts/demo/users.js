// @ts-check
/** A few users for the demo: each keeps a connection, asks again and again, and never asks twice for the same. */
'use strict';
const http = require('http');

const USERS = 8;
const PAUSE_MS = 10;

class Users {
  /** @param {number} port of nginx */
  constructor(port) {
    this.port = port;
    this.seen = { asked: 0, failed: 0 };
    this.leaving = false;
    /** @type {Promise<void>[]} */
    this.present = [];
  }

  /** They begin at once. @returns {number} how many there are */
  come() {
    this.present = Array.from({ length: USERS }, () => this.user());
    return USERS;
  }

  /** Lets the requests under way end. */
  async leave() {
    this.leaving = true;
    await Promise.all(this.present);
    return this.seen;
  }

  async user() {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.leaving) {
      const ok = await ask(agent, this.port);
      this.seen.asked += 1;
      if (!ok) this.seen.failed += 1;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    agent.destroy();
  }
}

/** @param {http.Agent} agent @param {number} port @returns {Promise<boolean>} whether it was answered with 200, to the end */
function ask(agent, port) {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/version', agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
      response.on('error', () => resolve(false));
    });
    request.on('error', () => resolve(false));
  });
}

module.exports = { Users };
