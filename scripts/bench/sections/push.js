// @ts-check
/** From the push to live, phase by phase, with an unchanged lockfile; and what of it is the kit's own. */
'use strict';
const fs = require('fs');
const path = require('path');
const { ended, freePorts, scratch, serve, sleep, untilAnswers } = require('../processes');
const { median, spread } = require('../statistics');

/** The next process loads, and links the packages. */
const REST_MS = 3000;
/** Of the person: what these take is not the kit's. */
const COMMANDS = ['test', 'build', 'migrate'];
const OWN_STARTS = 5;

/** @param {import('../index').Bench} bench @param {import('../clone').Clone} clone @param {'pm2' | 'compose'} runtime */
async function push({ quick, say }, clone, runtime) {
  const pushes = quick ? 1 : 4;
  const ownStart = runtime === 'pm2' ? median(await ownStarts(clone)) : null;
  /** @type {ReturnType<typeof measured>[]} */
  const done = [];
  for (let count = 1; count <= pushes; count++) {
    await sleep(REST_MS);
    say(`push ${count} of ${pushes} (${runtime})`);
    clone.forgetTimes();
    fs.appendFileSync(path.join(clone.dir, 'app', 'page.ts'), `// push ${count}\n`);
    const hookAt = await clone.push(`push ${count}`);
    done.push(measured(hookAt, clone, ownStart));
  }
  const names = [...new Set(done.flatMap(({ phases }) => Object.keys(phases)))];
  return {
    pushes,
    phases: names.map((name) => ({ name, ms: median(done.map(({ phases }) => phases[name] ?? 0)) })),
    kitAddsMs: spread(done.map((each) => each.kitAddsMs)),
    liveMs: spread(done.map((each) => each.liveMs)),
  };
}

/**
 * A container's build and start are Docker's: beside them, as beside the commands, only the rest is the kit's.
 * @param {number} hookAt @param {import('../clone').Clone} clone @param {number | null} ownStart
 */
function measured(hookAt, clone, ownStart) {
  const { deployment, events } = clone.last();
  if (deployment.state !== 'succeeded') throw new Error(`the push did not go live: ${deployment.cause}`);
  /** @type {Record<string, number>} */
  const took = {};
  for (const { entry } of events)
    if (entry.type === 'phase' && entry.status === 'done') took[entry.phase] = entry.ms;
  const inPhases = Object.values(took).reduce((sum, ms) => sum + ms, 0);
  const sincePost = deployment.liveAt - deployment.createdAt;
  const times = clone.ownTimes();
  const own = (/** @type {string} */ name) => times[name] ?? took[name] ?? 0;
  const start = ownStart ?? took.start ?? 0;
  const theirs = COMMANDS.reduce((sum, name) => sum + own(name), start);
  /** @type {Record<string, number>} */
  const phases = {
    "git's hooks, the webhook": deployment.createdAt - hookAt,
    ...took,
    'between the phases': sincePost - inPhases,
  };
  return { phases, kitAddsMs: sincePost - theirs, liveMs: deployment.liveAt - hookAt - (took.test ?? 0) };
}

/** How long the release takes to its first healthy answer when nobody but Node starts it. @param {import('../clone').Clone} clone */
async function ownStarts(clone) {
  const { deployment } = clone.last();
  const cwd = path.join(clone.home.releases, deployment.commit);
  const data = scratch();
  const all = [];
  for (let count = 0; count < OWN_STARTS; count++) {
    const [port] = /** @type {[number]} */ (await freePorts(1));
    const env = { PATH: process.env.PATH, NODE_ENV: 'production', PORT: String(port), SWITCHYARD_DATA: data };
    if (count === 0) await onceDone(serve(process.execPath, ['dist/app/migrate.js'], { cwd, env }));
    const begun = performance.now();
    const app = serve(process.execPath, ['dist/app/server.js'], { cwd, env });
    await untilAnswers(port, '/health');
    all.push(performance.now() - begun);
    await ended(app);
  }
  return all;
}

/** @param {import('child_process').ChildProcess} child */
function onceDone(child) {
  return new Promise((resolve) => child.once('exit', resolve));
}

module.exports = { push };
