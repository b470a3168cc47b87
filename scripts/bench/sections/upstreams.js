// @ts-check
/** Two apps that do next to nothing, and what is asked of them. */
'use strict';
const path = require('path');
const { freePorts, serve, untilAnswers } = require('../processes');

const PROGRAM = path.join(__dirname, '..', 'upstream.js');

/** Three reads, then a write. @type {import('../client').Question[]} */
const QUESTIONS = [
  { method: 'GET', path: '/', expect: [200] },
  { method: 'GET', path: '/', expect: [200] },
  { method: 'GET', path: '/', expect: [200] },
  { method: 'POST', path: '/', body: '{"text":"a message"}', expect: [200] },
];

/** @returns {Promise<{ blue: number, green: number }>} their ports */
async function startUpstreams() {
  const [blue, green] = /** @type {[number, number]} */ (await freePorts(2));
  for (const [NAME, port] of Object.entries({ blue, green })) {
    serve(process.execPath, [PROGRAM], { env: { ...process.env, NAME, PORT: String(port) } });
    await untilAnswers(port);
  }
  return { blue, green };
}

module.exports = { startUpstreams, QUESTIONS };
