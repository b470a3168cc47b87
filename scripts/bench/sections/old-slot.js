// @ts-check
/**
 * How long after a rename a request still reaches the slot before: by nginx's own log, which tells when it has
 * received each request. The log's clock has milliseconds, cut off, and stands still while nginx works off what came
 * at once: a request may be younger than it says, but is never younger than its answer.
 */
'use strict';
const { tableFront } = require('../fronts');
const { kit } = require('../kit');
const { startLoad } = require('../load');
const { sleep } = require('../processes');
const { QUESTIONS, startUpstreams } = require('./upstreams');

const PAUSE_MS = 30;
const CUT_OFF_MS = 1;
const ALLOWED_MS = 2;
const LOG_WITHIN_MS = 300;

/** @param {import('../index').Bench} bench */
async function oldSlot({ quick, say }) {
  const shifts = quick ? 20 : 500;
  const slots = await startUpstreams();
  const front = await tableFront(slots);
  const load = startLoad({ port: front.port, questions: QUESTIONS });
  /** @type {Rename[]} */
  const renames = [];
  say(`${shifts} shifts under load`);
  const { failed } = await load.during(async () => {
    for (let count = 0; count < shifts; count++) {
      const [from, to] = count % 2 === 0 ? ['blue', 'green'] : ['green', 'blue'];
      const began = now();
      await front.switchTo(/** @type {string} */ (to));
      renames.push({ began, done: now(), from: /** @type {string} */ (from) });
      await sleep(PAUSE_MS);
    }
  });
  await load.stop();
  await sleep(LOG_WITHIN_MS);
  const { requests } = kit('traffic/access-log').readRequests(front.home, { inode: 0, offset: 0 });
  await front.stop();
  return { shifts, requests: requests.length, failed, ...lateness(requests, renames) };
}

const now = () => performance.timeOrigin + performance.now();

/**
 * A rename lies somewhere between its two times, which a busy machine draws apart: a request that is received between
 * them may rightly reach either slot.
 * @typedef {object} Rename
 * @property {number} began in milliseconds since 1970, like the next
 * @property {number} done
 * @property {string} from the slot before
 */

/**
 * @param {{ at: number, ms: number, slot: string | null, kind: string }[]} requests `at` is when the answer was sent
 * @param {Rename[]} renames oldest first
 */
function lateness(requests, renames) {
  let late = 0;
  let latestMs = 0;
  for (const { at, ms, slot, kind } of requests) {
    if (kind !== 'app') continue;
    const received = at - ms;
    const index = lastBefore(renames, received);
    const [last, next] = [renames[index], renames[index + 1]];
    if (!last || slot !== last.from) continue;
    // the next rename has made that slot the right one again before the answer
    if (next && next.began <= at + CUT_OFF_MS) continue;
    const afterMs = received + CUT_OFF_MS - last.done;
    if (received < last.done) continue;
    latestMs = Math.max(latestMs, afterMs);
    if (afterMs > ALLOWED_MS) late += 1;
  }
  return { late, latestMs };
}

/** Where the last stands that had begun. @param {Rename[]} renames @param {number} time */
function lastBefore(renames, time) {
  let low = 0;
  let high = renames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {Rename} */ (renames[middle]).began <= time + CUT_OFF_MS) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

module.exports = { oldSlot, lateness };
