// @ts-check
/** The bounds that the project states, held against what was measured. Pure. */
'use strict';

/**
 * @typedef {object} Bound
 * @property {string} what
 * @property {string} allowed
 * @property {string} measured
 * @property {boolean} kept
 */

/** @param {any} results of the sections, as far as they were run @returns {Bound[]} */
function boundsOf({ push, rollback, oldSlot, throughput, peers, install }) {
  return [
    ...pushBounds('PM2', push?.pm2),
    ...pushBounds('Compose', push?.compose),
    ...(rollback ? rollbackBounds(rollback) : []),
    ...(oldSlot ? oldSlotBounds(oldSlot) : []),
    ...(throughput ? throughputBounds(throughput) : []),
    ...(peers ? peerBounds(peers) : []),
    ...(install ? installBounds(install) : []),
  ];
}

/** @param {string} runtime @param {any} push */
function pushBounds(runtime, push) {
  if (!push?.kitAddsMs) return [];
  return [
    atMost(
      `${runtime}: what the kit adds to your own test, build and start`,
      300,
      push.kitAddsMs.median,
      'ms',
    ),
    atMost(
      `${runtime}: the sample app live after the push has reached the hook, without its tests`,
      3000,
      push.liveMs.median,
      'ms',
    ),
  ];
}

/** @param {any} rollback */
function rollbackBounds({ inDeployerMs, asCommandMs, builtBeforeMs }) {
  return [
    atMost('a warm rollback in the deployer, from the request to LIVE', 50, inDeployerMs.median, 'ms'),
    atMost('a warm rollback as `npm run -s rollback`, to its exit', 500, asCommandMs.median, 'ms'),
    atMost('a commit that was built before, from the request to LIVE', 1000, builtBeforeMs.median, 'ms'),
  ];
}

/** @param {any} oldSlot */
function oldSlotBounds({ late, failed, shifts, latestMs }) {
  return [
    bound(
      'requests that reach the slot before more than 2 ms after the rename',
      '0',
      `${late} in ${shifts} shifts (the latest ${round(latestMs)} ms)`,
      late === 0,
    ),
    bound('requests that fail in these shifts', '0', String(failed), failed === 0),
  ];
}

/** @param {any} throughput */
function throughputBounds({ sample, bare }) {
  return [
    bound(
      'throughput with the sample app, of a plain nginx',
      'not measurably below 1',
      interval(sample),
      sample.high >= 1,
    ),
    bound(
      'throughput with a bare Node app, of a plain nginx',
      'at least 0.95',
      interval(bare),
      bare.ratio >= 0.95,
    ),
  ];
}

/** @param {any} peers */
function peerBounds({ rows }) {
  const ours = rows[0];
  const reload = rows.find((/** @type {any} */ row) => row.name === 'nginx -s reload');
  return [
    bound(
      'failed requests per switch, ours',
      '0',
      `${ours.switching.failed} in ${ours.switches} switches`,
      ours.switching.failed === 0,
    ),
    bound(
      '`nginx -s reload` loses requests under this load, or it measures nothing',
      'more than 0',
      `${reload.switching.failed} in ${reload.switches} switches`,
      reload.switching.failed > 0,
    ),
  ];
}

/** @param {any} install */
function installBounds({ p99, failed }) {
  return [
    bound(
      'p99 of the live app while a release is installed and built, of its p99 before',
      'at most 1.5',
      interval(p99),
      p99.ratio <= 1.5,
    ),
    bound('requests that fail meanwhile', '0', String(failed), failed === 0),
  ];
}

/** @param {string} what @param {number} most @param {number} measured @param {string} unit @returns {Bound} */
function atMost(what, most, measured, unit) {
  return bound(what, `${most} ${unit}`, `${round(measured)} ${unit}`, measured <= most);
}

/** @param {string} what @param {string} allowed @param {string} measured @param {boolean} kept @returns {Bound} */
function bound(what, allowed, measured, kept) {
  return { what, allowed, measured, kept };
}

/** @param {{ ratio: number, low: number, high: number }} ratio */
function interval({ ratio, low, high }) {
  return `${ratio.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

/** @param {number} value */
function round(value) {
  return value < 10 ? Math.round(value * 10) / 10 : Math.round(value);
}

module.exports = { boundsOf, interval, round };
