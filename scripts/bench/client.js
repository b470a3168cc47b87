// @ts-check
/**
 * One client of a load: a keep-alive connection on which it asks, waits for the answer, and asks again. It never asks
 * twice for the same thing: a request whose connection ends before its answer has failed. Only where the server has
 * said or shown that it closes the connection, before anything was asked on it, is a new one no failure.
 */
'use strict';
const net = require('net');
const { firstAnswer } = require('./answers');

const CONNECT_AGAIN_AFTER_MS = 10;

/**
 * @typedef {object} Question
 * @property {string} method
 * @property {string} path
 * @property {string} [body]
 * @property {number[]} expect
 */
/**
 * @typedef {object} Result
 * @property {number} ms from when it was due to the end of its answer
 * @property {string | null} failure why it failed; null for an answer that was expected
 */
/**
 * @typedef {object} Work
 * @property {number} port
 * @property {Question[]} questions asked in turn
 * @property {number} everyMs when the next is due, counted from when the last one was; 0 for at once
 * @property {number} timeoutMs
 * @property {(result: Result) => void} onResult
 */

/** @param {Work} work @param {number} number the client's own: each begins with another question */
function startClient(work, number) {
  const requests = work.questions.map((question) => requestOf(question, work.port));
  /** @type {net.Socket | null} */
  let socket = null;
  /** @type {{ due: number, question: Question, timer: NodeJS.Timeout } | null} */
  let asked = null;
  /** @type {Buffer} */
  let received = Buffer.alloc(0);
  let turn = number;
  let stopping = false;
  let due = performance.now() + Math.random() * work.everyMs;
  /** @type {() => void} */
  let ended = () => undefined;
  const over = new Promise((resolve) => (ended = () => resolve(undefined)));

  function next() {
    if (stopping) return leave();
    if (work.everyMs === 0) due = performance.now();
    const wait = due - performance.now();
    if (wait > 0.5) return void setTimeout(askNow, wait);
    askNow();
  }

  function askNow() {
    if (stopping) return leave();
    if (socket === null) return connect();
    const index = turn % requests.length;
    turn += 1;
    const timer = setTimeout(() => lose('no answer in time'), work.timeoutMs);
    asked = { due, question: /** @type {Question} */ (work.questions[index]), timer };
    due += work.everyMs;
    socket.write(/** @type {Buffer} */ (requests[index]));
  }

  function connect() {
    const fresh = net.connect({ host: '127.0.0.1', port: work.port, noDelay: true });
    let failure = 'closed';
    received = Buffer.alloc(0);
    fresh.once('connect', () => {
      socket = fresh;
      askNow();
    });
    fresh.on('data', (bytes) => take(fresh, bytes));
    fresh.on('error', (error) => (failure = /** @type {NodeJS.ErrnoException} */ (error).code ?? 'error'));
    fresh.once('close', () => gone(fresh, failure));
  }

  /** @param {net.Socket} from @param {Buffer} bytes */
  function take(from, bytes) {
    received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
    let answer;
    try {
      answer = firstAnswer(received);
    } catch (error) {
      return lose(error instanceof Error ? error.message : String(error));
    }
    if (answer === null || asked === null) return;
    received = received.subarray(answer.bytes);
    if (answer.closes) {
      from.destroy();
      socket = null;
    }
    const { status } = answer;
    settle(asked.question.expect.includes(status) ? null : `status ${status}`);
    next();
  }

  /** The request under way is lost, and its connection with it. @param {string} why */
  function lose(why) {
    const last = socket;
    socket = null;
    if (last) last.destroy();
    settle(why);
    next();
  }

  /** @param {net.Socket} which @param {string} why */
  function gone(which, why) {
    // nobody waits on a connection that closes between an answer and the next request
    if (which === socket && asked === null) socket = null;
    else if (which === socket) lose(why);
    else if (socket === null && asked === null && which.connecting === false && why !== 'closed')
      refused(why);
  }

  /** A connection that was not made is a request that failed: somebody wanted to ask. @param {string} why */
  function refused(why) {
    work.onResult({ ms: performance.now() - due, failure: why });
    due += work.everyMs;
    setTimeout(next, CONNECT_AGAIN_AFTER_MS);
  }

  /** @param {string | null} failure */
  function settle(failure) {
    if (asked === null) return;
    clearTimeout(asked.timer);
    work.onResult({ ms: performance.now() - asked.due, failure });
    asked = null;
  }

  function leave() {
    if (socket) socket.destroy();
    socket = null;
    ended();
  }

  next();
  return {
    /** Lets the request under way end. */
    stop() {
      stopping = true;
      return over;
    },
  };
}

/** @param {Question} question @param {number} port */
function requestOf({ method, path, body }, port) {
  const head = [`${method} ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, 'connection: keep-alive'];
  if (body !== undefined)
    head.push('content-type: application/json', `content-length: ${Buffer.byteLength(body)}`);
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`);
}

module.exports = { startClient };
