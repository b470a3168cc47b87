// @ts-check
/** What the looks at the table cost: our nginx beside the same nginx without them, in turns. */
'use strict';
const path = require('path');
const { plainFront, tableFront } = require('../fronts');
const { ROOT } = require('../kit');
const { startLoad } = require('../load');
const { freePorts, scratch, serve, sleep, untilAnswers } = require('../processes');
const { median, ratioOf } = require('../statistics');
const { QUESTIONS, startUpstreams } = require('./upstreams');

const WARM_UP_MS = 1000;
/** Until a load that goes on has had the answers it had asked for before. */
const SETTLE_MS = 50;
const SAY_EVERY = 20;
/** Reads only: a write would measure SQLite. @type {import('../client').Question[]} */
const SAMPLE = [{ method: 'GET', path: '/version', expect: [200] }];

/** @param {import('../index').Bench} bench */
async function throughput(bench) {
  const bare = await startUpstreams();
  const sample = await startSampleApp();
  return {
    bare: await compare(bench, 'a bare Node app', bare, QUESTIONS),
    sample: await compare(bench, 'the sample app', sample, SAMPLE),
  };
}

/** @param {import('../index').Bench} bench @param {string} behind @param {{ blue: number, green: number }} slots @param {import('../client').Question[]} questions */
async function compare({ quick, say }, behind, slots, questions) {
  const [pairs, windowMs] = quick ? [2, 200] : [100, 250];
  const fronts = { table: await tableFront(slots), plain: await plainFront(slots) };
  const table = await warmLoad(fronts.table.port, questions);
  const plain = await warmLoad(fronts.plain.port, questions);
  /** @type {[number, number][]} */
  const measured = [];
  for (let pair = 0; pair < pairs; pair++) {
    if (pair % SAY_EVERY === 0) say(`with and without the table, ${behind}: ${pair + 1} of ${pairs}`);
    // who comes first changes, so that a machine that grows slower favours neither
    const [one, other] = pair % 2 === 0 ? [table, plain] : [plain, table];
    const first = await rate(one, windowMs);
    const second = await rate(other, windowMs);
    measured.push(pair % 2 === 0 ? [first, second] : [second, first]);
  }
  await table.stop();
  await plain.stop();
  await fronts.table.stop();
  await fronts.plain.stop();
  const perSecond = {
    table: median(measured.map(([each]) => each)),
    plain: median(measured.map(([, each]) => each)),
  };
  return { ...ratioOf(measured), perSecond };
}

/**
 * One load for all of a front's windows: a new process would measure how soon its own code is compiled.
 * @param {number} port @param {import('../client').Question[]} questions
 */
async function warmLoad(port, questions) {
  const load = startLoad({ port, questions });
  await load.during(() => sleep(WARM_UP_MS));
  load.pause();
  return load;
}

/** @param {Awaited<ReturnType<typeof warmLoad>>} load @param {number} windowMs */
async function rate(load, windowMs) {
  load.goOn();
  await sleep(SETTLE_MS);
  const { perSecond, failed, reasons } = await load.during(() => sleep(windowMs));
  load.pause();
  if (failed > 0) throw new Error(`${failed} requests failed: ${JSON.stringify(reasons)}`);
  return perSecond;
}

/** One process in both places: the comparison moves no traffic. */
async function startSampleApp() {
  const [port] = /** @type {[number]} */ (await freePorts(1));
  const own = {
    PORT: String(port),
    SWITCHYARD_DATA: scratch(),
    NODE_ENV: 'production',
    PATH: process.env.PATH,
  };
  const identity = {
    SWITCHYARD_COMMIT: '0'.repeat(40),
    SWITCHYARD_INSTANCE: 'bench',
    SWITCHYARD_SLOT: 'blue',
  };
  const env = { ...own, ...identity };
  const built = path.join(ROOT, 'dist', 'app');
  const migrate = serve(process.execPath, [path.join(built, 'migrate.js')], { env, cwd: ROOT });
  await new Promise((resolve) => migrate.once('exit', resolve));
  serve(process.execPath, [path.join(built, 'server.js')], { env, cwd: ROOT });
  await untilAnswers(port, '/health');
  return { blue: port, green: port + 1 };
}

module.exports = { throughput };
