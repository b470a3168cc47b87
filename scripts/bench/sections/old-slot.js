// @ts-check
/**
 * How long after a rename a request still reaches the slot before: by nginx's own log, which tells when it has
 * received each request. The log's clock has milliseconds, cut off: a request may be up to one younger than it says.
 */
'use strict';
const { tableFront } = require('../fronts');
const { kit } = require('../kit');
const { startLoad } = require('../load');
const { sleep } = require('../processes');
const { QUESTIONS, startUpstreams } = require('./upstreams');

const PAUSE_MS = 20;
const CUT_OFF_MS = 1;
const ALLOWED_MS = 2;
const LOG_WITHIN_MS = 300;

/** @param {import('../index').Bench} bench */
async function oldSlot({ quick, say }) {
  const shifts = quick ? 20 : 500;
  const slots = await startUpstreams();
  const front = await tableFront(slots);
  const load = startLoad({ port: front.port, questions: QUESTIONS });
  /** @type {{ at: number, from: string }[]} */
  const renames = [];
  say(`${shifts} shifts under load`);
  const { failed } = await load.during(async () => {
    for (let count = 0; count < shifts; count++) {
      const [from, to] = count % 2 === 0 ? ['blue', 'green'] : ['green', 'blue'];
      await front.switchTo(/** @type {string} */ (to));
      renames.push({ at: performance.timeOrigin + performance.now(), from: /** @type {string} */ (from) });
      await sleep(PAUSE_MS);
    }
  });
  await load.stop();
  await sleep(LOG_WITHIN_MS);
  const { requests } = kit('traffic/access-log').readRequests(front.home, { inode: 0, offset: 0 });
  await front.stop();
  return { shifts, requests: requests.length, failed, ...lateness(requests, renames) };
}

/**
 * @param {{ at: number, ms: number, slot: string | null, kind: string }[]} requests `at` is when the answer was sent
 * @param {{ at: number, from: string }[]} renames oldest first
 */
function lateness(requests, renames) {
  let late = 0;
  let latestMs = 0;
  for (const { at, ms, slot, kind } of requests) {
    if (kind !== 'app') continue;
    const received = at - ms;
    const last = lastBefore(renames, received);
    if (last === null || slot !== last.from) continue;
    const afterMs = received + CUT_OFF_MS - last.at;
    latestMs = Math.max(latestMs, afterMs);
    if (afterMs > ALLOWED_MS) late += 1;
  }
  return { late, latestMs };
}

/** @param {{ at: number, from: string }[]} renames @param {number} time */
function lastBefore(renames, time) {
  let low = 0;
  let high = renames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {{ at: number }} */ (renames[middle]).at <= time + CUT_OFF_MS) low = middle + 1;
    else high = middle;
  }
  return renames[low - 1] ?? null;
}

module.exports = { oldSlot, lateness };
