// @ts-check
/** A few users: each keeps a connection, asks again and again, and never asks twice for the same. */
'use strict';
const http = require('http');

/** Those of the demo. */
const FEW = { count: 8, pauseMs: 10 };

/**
 * @typedef {object} Answer
 * @property {number | null} status HTTP status; null when nobody answered, or not to the end
 * @property {string | undefined} retryAfter
 * @property {string} body
 */

class Users {
  /**
   * @param {number} port of nginx
   * @param {{ count: number, pauseMs: number }} [habits]
   * @param {(answer: Answer) => void} [heard] called with each answer
   */
  constructor(port, habits = FEW, heard = () => {}) {
    this.port = port;
    this.habits = habits;
    this.heard = heard;
    this.seen = { asked: 0, failed: 0 };
    this.leaving = false;
    /** @type {Promise<void>[]} */
    this.present = [];
  }

  /** They begin at once. @returns {number} how many there are */
  come() {
    this.present = Array.from({ length: this.habits.count }, () => this.user());
    return this.habits.count;
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
      const answer = await ask(agent, this.port);
      this.seen.asked += 1;
      if (answer.status !== 200) this.seen.failed += 1;
      this.heard(answer);
      await new Promise((resolve) => setTimeout(resolve, this.habits.pauseMs));
    }
    agent.destroy();
  }
}

/** @param {http.Agent} agent @param {number} port @returns {Promise<Answer>} */
function ask(agent, port) {
  return new Promise((resolve) => {
    const none = () => resolve({ status: null, retryAfter: undefined, body: '' });
    const request = http.get({ host: '127.0.0.1', port, path: '/version', agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part) => (body += part));
      response.on('end', () =>
        resolve({ status: response.statusCode || null, retryAfter: response.headers['retry-after'], body }),
      );
      response.on('error', none);
    });
    request.on('error', none);
  });
}

module.exports = { Users };
