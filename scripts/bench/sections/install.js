// @ts-check
/** What users feel while a release is installed, tested and built: a steady rate, before and during, in turns. */
'use strict';
const fs = require('fs');
const path = require('path');
const { startLoad } = require('../load');
const { sleep, until } = require('../processes');
const { median, ratioOf } = require('../statistics');

const PER_SECOND = 200;
const CONNECTIONS = 16;
const PREPARED_WITHIN_MS = 300_000;
/** @type {import('../client').Question[]} */
const QUESTIONS = [
  { method: 'GET', path: '/version', expect: [200] },
  { method: 'GET', path: '/', expect: [200] },
  { method: 'GET', path: '/health', expect: [200] },
  { method: 'POST', path: '/api/v1/messages', body: '{"text":"a message"}', expect: [201] },
];

/** @param {import('../index').Bench} bench @param {import('../clone').Clone} clone */
async function install({ quick, say }, clone) {
  const [rounds, stillMs] = quick ? [1, 500] : [7, 7000];
  // the clone's own packages would be taken instead of installing any
  fs.rmSync(path.join(clone.dir, 'node_modules', '.package-lock.json'), { force: true });
  const load = startLoad({
    port: clone.http,
    connections: CONNECTIONS,
    questions: QUESTIONS,
    perSecond: PER_SECOND,
  });
  const done = [];
  for (let round = 1; round <= rounds; round++) {
    say(`install and build under load, ${round} of ${rounds}`);
    const before = await load.during(() => sleep(stillMs));
    const known = clone.last().deployment.id;
    changeLockfile(clone.dir, round);
    const pushing = clone.push(`other packages ${round}`);
    pushing.catch(() => undefined);
    await until('the install', () => isAt(clone, known, 'install', 'started'), PREPARED_WITHIN_MS);
    const during = await load.during(() =>
      until('the build', () => isAt(clone, known, 'build', 'done'), PREPARED_WITHIN_MS),
    );
    await pushing;
    done.push({ before, during });
  }
  await load.stop();
  return {
    perSecond: PER_SECOND,
    seconds: median(done.map(({ during }) => during.seconds)),
    failed: done.reduce((sum, { before, during }) => sum + before.failed + during.failed, 0),
    before: {
      p50: median(done.map((each) => each.before.p50)),
      p99: median(done.map((each) => each.before.p99)),
    },
    during: {
      p50: median(done.map((each) => each.during.p50)),
      p99: median(done.map((each) => each.during.p99)),
    },
    p99: ratioOf(done.map(({ before, during }) => [during.p99, before.p99])),
  };
}

/** Another key for the same packages: npm has to install them all. @param {string} dir @param {number} round */
function changeLockfile(dir, round) {
  const file = path.join(dir, 'package.json');
  const manifest = JSON.parse(fs.readFileSync(file, 'utf8'));
  manifest.overrides = { 'switchyard-bench': `${round}.0.0` };
  fs.writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
}

/** @param {import('../clone').Clone} clone @param {number} after @param {string} phase @param {string} status */
function isAt(clone, after, phase, status) {
  const { deployment, events } = clone.last();
  if (deployment.id <= after) return false;
  if (deployment.cause) throw new Error(`the push did not go live: ${deployment.cause}`);
  return events.some(
    (/** @type {any} */ { entry }) =>
      entry.type === 'phase' && entry.phase === phase && entry.status === status,
  );
}

module.exports = { install };
