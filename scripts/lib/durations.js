// @ts-check
/**
 * How long each test file took, in seconds, from test/durations.json, which `npm run test:all -- --record` writes.
 * Order and shards come from it.
 */
'use strict';
const fs = require('fs');
const path = require('path');

const FILE = path.join('test', 'durations.json');

/** @param {string} root @returns {Record<string, number>} by path relative to the root */
function recordedIn(root) {
  return JSON.parse(fs.readFileSync(path.join(root, FILE), 'utf8'));
}

/**
 * Files below a second are left out.
 * @param {string} root
 * @param {import('./results').Outcome[]} outcomes of a whole run
 */
function record(root, outcomes) {
  /** @type {Record<string, number>} */
  const durations = {};
  for (const { file, begun, ended } of outcomes) {
    const seconds = Math.round(((ended || 0) - (begun || 0)) / 1000);
    if (file && seconds > 0) durations[path.relative(root, file)] = seconds;
  }
  const sorted = Object.entries(durations).sort(([, one], [, other]) => other - one);
  fs.writeFileSync(path.join(root, FILE), `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
}

module.exports = { record, recordedIn };
