// @ts-check
/** Users with a browser each: it keeps a connection and its cookies. They ask again and again, and never twice for the same. */
'use strict';
const http = require('http');

/** Those of the demo. */
const FEW = { count: 8, pauseMs: 10 };

/**
 * @typedef {object} Answer
 * @property {number} user who asked, counted from 0
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
    this.present = Array.from({ length: this.habits.count }, (_, number) => this.user(number));
    return this.habits.count;
  }

  /** Lets the requests under way end. */
  async leave() {
    this.leaving = true;
    await Promise.all(this.present);
    return this.seen;
  }

  /** @param {number} number */
  async user(number) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    /** @type {Jar} */
    const jar = new Map();
    while (!this.leaving) {
      const answer = { user: number, ...(await ask(agent, this.port, jar)) };
      this.seen.asked += 1;
      if (answer.status !== 200) this.seen.failed += 1;
      this.heard(answer);
      await new Promise((resolve) => setTimeout(resolve, someTime(this.habits.pauseMs)));
    }
    agent.destroy();
  }
}

/** Nobody asks in step with the others. @param {number} about milliseconds */
function someTime(about) {
  return about * (0.5 + Math.random());
}

/** @typedef {Map<string, string>} Jar cookies by their name */

/** @param {http.Agent} agent @param {number} port @param {Jar} jar @returns {Promise<Omit<Answer, 'user'>>} */
function ask(agent, port, jar) {
  return new Promise((resolve) => {
    const none = () => resolve({ status: null, retryAfter: undefined, body: '' });
    const headers = jar.size > 0 ? { cookie: [...jar.values()].join('; ') } : {};
    const request = http.get({ host: '127.0.0.1', port, path: '/version', agent, headers }, (response) => {
      keepCookies(jar, response.headers['set-cookie']);
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

/** @param {Jar} jar @param {string[]} [given] as in Set-Cookie */
function keepCookies(jar, given = []) {
  for (const cookie of given) {
    const [pair = ''] = cookie.split(';');
    jar.set(pair.split('=')[0] ?? '', pair);
  }
}

module.exports = { Users };
