// @ts-check
/**
 * A load in a process of its own: what the benchmark does meanwhile neither slows it down nor hides a lost request.
 * `node load-process.js '{"port":…}'`; windows begin and end by messages (see load.js).
 */
'use strict';
const { startClient } = require('./client');
const { quantile } = require('./statistics');

/** @typedef {import('./client').Result} Result */

const work = JSON.parse(process.argv[2] ?? '{}');
const clients = Array.from({ length: work.connections }, (_, number) =>
  startClient({ ...work, onResult: take }, number),
);
let window = emptyWindow();

process.on('message', (/** @type {string} */ word) => {
  if (word === 'begin') window = emptyWindow();
  if (word === 'end' && process.send) process.send(summary(window));
  if (word === 'stop') void Promise.all(clients.map((client) => client.stop())).then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(0));

function emptyWindow() {
  return {
    began: performance.now(),
    /** @type {number[]} */ latencies: [],
    failed: 0,
    reasons: /** @type {Record<string, number>} */ ({}),
  };
}

/** @param {Result} result */
function take({ ms, failure }) {
  if (failure === null) return void window.latencies.push(ms);
  window.failed += 1;
  window.reasons[failure] = (window.reasons[failure] ?? 0) + 1;
}

/** @param {ReturnType<typeof emptyWindow>} of */
function summary({ began, latencies, failed, reasons }) {
  const seconds = (performance.now() - began) / 1000;
  const sorted = latencies.sort((a, b) => a - b);
  return {
    seconds,
    requests: sorted.length + failed,
    failed,
    reasons,
    perSecond: sorted.length / seconds,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    slowest: sorted[sorted.length - 1] ?? 0,
  };
}
