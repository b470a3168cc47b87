// @ts-check
/** The benchmark's side of a load: begins and ends its windows. */
'use strict';
const { fork } = require('child_process');
const path = require('path');
const { keep } = require('./processes');

/**
 * @typedef {object} Window
 * @property {number} seconds
 * @property {number} requests
 * @property {number} failed
 * @property {Record<string, number>} reasons how often which failure
 * @property {number} perSecond answers as expected
 * @property {number} p50 in milliseconds, like the next two
 * @property {number} p99
 * @property {number} slowest
 */
/**
 * @typedef {object} LoadOptions
 * @property {number} port
 * @property {number} [connections]
 * @property {import('./client').Question[]} questions
 * @property {number} [perSecond] asked at this rate, whatever the answers take; left out, as fast as answers come
 */

const CONNECTIONS = 64;
const TIMEOUT_MS = 15_000;

/** @param {LoadOptions} options */
function startLoad({ port, connections = CONNECTIONS, questions, perSecond }) {
  const everyMs = perSecond === undefined ? 0 : (1000 * connections) / perSecond;
  const work = { port, connections, questions, everyMs, timeoutMs: TIMEOUT_MS };
  const child = keep(fork(path.join(__dirname, 'load-process.js'), [JSON.stringify(work)], { execArgv: [] }));
  /** @type {Promise<never>} */
  const died = new Promise((_, reject) => {
    child.once('exit', (code) => reject(new Error(`the load ended with code ${code}`)));
  });
  died.catch(() => undefined);
  return {
    /** What is answered and what fails while something is done. @param {() => Promise<unknown>} does @returns {Promise<Window>} */
    async during(does) {
      child.send('begin');
      await Promise.race([does(), died]);
      /** @type {Promise<Window>} */
      const told = new Promise((resolve) =>
        child.once('message', (window) => resolve(/** @type {Window} */ (window))),
      );
      child.send('end');
      return Promise.race([told, died]);
    },
    /** Asks nothing until it goes on, with its connections open: what is measured meanwhile has the machine to itself. */
    pause: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
    async stop() {
      child.kill('SIGCONT');
      child.send('stop');
      await died.catch(() => undefined);
    },
  };
}

module.exports = { startLoad };
