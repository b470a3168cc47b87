// @ts-check
/** What a switch costs, ours beside what people would use instead: the same apps, the same load, one after the other. */
'use strict';
const { startLoad } = require('../load');
const { PEERS } = require('../peers');
const { sleep } = require('../processes');
const { median } = require('../statistics');
const { QUESTIONS, startUpstreams } = require('./upstreams');

const PAUSE_MS = 200;
const WARM_UP_MS = 500;
/** A switch of some takes seconds. */
const LONGEST_MS = 8000;

/** @param {import('../index').Bench} bench */
async function peers({ quick, say }) {
  const [rounds, stillMs, switches] = quick ? [1, 300, 2] : [3, 2000, 15];
  const slots = await startUpstreams();
  const skipped = [];
  /** @type {{ peer: import('../peers').Peer, version: string, rounds: Round[] }[]} */
  const rows = [];
  for (const peer of PEERS) {
    const look = await peer.look();
    if ('missing' in look) skipped.push({ name: peer.name, why: look.missing, install: look.install });
    else rows.push({ peer, version: look.version, rounds: [] });
  }
  for (let round = 1; round <= rounds; round++) {
    for (const row of rows) {
      say(`${row.peer.name}, round ${round} of ${rounds}`);
      row.rounds.push(await oneRound(row.peer, slots, stillMs, switches));
    }
  }
  return {
    rows: rows.map(({ peer, version, rounds: done }) => ({ name: peer.name, version, ...summary(done) })),
    skipped,
  };
}

/**
 * @typedef {object} Round
 * @property {import('../load').Window} still
 * @property {import('../load').Window} switching
 * @property {number} switches
 */

/** @param {import('../peers').Peer} peer @param {import('../peers').Slots} slots @param {number} stillMs @param {number} switches @returns {Promise<Round>} */
async function oneRound(peer, slots, stillMs, switches) {
  const running = await peer.start(slots);
  const load = startLoad({ port: running.port, questions: QUESTIONS });
  try {
    await load.during(() => sleep(WARM_UP_MS));
    const still = await load.during(() => sleep(stillMs));
    let count = 0;
    const enough = performance.now() + LONGEST_MS;
    const switching = await load.during(async () => {
      for (; count < switches && performance.now() < enough; count++) {
        await running.switchTo(count % 2 === 0 ? 'green' : 'blue');
        await sleep(PAUSE_MS);
      }
    });
    return { still, switching, switches: count };
  } finally {
    await load.stop();
    await running.stop();
  }
}

/** @param {Round[]} rounds */
function summary(rounds) {
  const sum = (/** @type {(round: Round) => number} */ of) =>
    rounds.reduce((total, round) => total + of(round), 0);
  const middle = (/** @type {(round: Round) => number} */ of) => median(rounds.map(of));
  const shape = (/** @type {'still' | 'switching'} */ which) => ({
    perSecond: middle((round) => round[which].perSecond),
    p50: middle((round) => round[which].p50),
    p99: middle((round) => round[which].p99),
    failed: sum((round) => round[which].failed),
  });
  const switches = sum((round) => round.switches);
  const still = shape('still');
  const switching = shape('switching');
  return { switches, failedPerSwitch: switching.failed / switches, still, switching };
}

module.exports = { peers };
