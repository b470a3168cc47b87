// @ts-check
/** A live clone for the benchmark: the last commit of this one, a home of its own, and a clock at its commands. */
'use strict';
const fs = require('fs');
const path = require('path');
require('../../tools/load-typescript');
const { makeCopy } = require('../../tools/lib/copy');
const { kit, ROOT } = require('./kit');
const { atEnd, freePorts, output } = require('./processes');

/** Writes when a command begins and ends, and is the command otherwise. In seconds; it starts no program for it. */
const CLOCK =
  '{ echo "$0 begin $EPOCHREALTIME" >> "$1"; } 2>&-; f=$1; shift; "$@"; code=$?; { echo "$0 end $EPOCHREALTIME" >> "$f"; } 2>&-; exit $code';

/** @typedef {Awaited<ReturnType<typeof startClone>>} Clone */

/** @param {'pm2' | 'compose'} runtime */
async function startClone(runtime) {
  const [http, blue, green, deployer] = /** @type {[number, number, number, number]} */ (await freePorts(4));
  const copy = await makeCopy(ROOT, { ports: { http, blue, green, deployer }, name: 'demo' });
  const stop = atEnd(() => copy.remove());
  const env = { ...copy.env, BAKE_SECONDS: '0', RUNTIME: runtime, APP_NAME: 'switchyard-bench' };
  const top = path.dirname(copy.dir);
  const clock = path.join(top, 'clock');
  withClock(copy.dir, clock);
  const run = (/** @type {string} */ file, /** @type {string[]} */ args, more = {}) =>
    output(file, args, { cwd: copy.dir, env: { ...env, ...more } });
  await commit(run, 'A clock at the commands');
  await run('npm', ['start']);
  const home = kit('home/home').homeAt(path.join(top, 'home'));
  return {
    dir: copy.dir,
    top,
    home,
    http,
    run,
    stop,
    /** Commits and pushes; returns the milliseconds since 1970 at which git called the first hook. @param {string} message */
    async push(message) {
      await commit(run, message);
      const trace = path.join(top, 'trace');
      fs.rmSync(trace, { force: true });
      await run('git', ['push', 'live', 'main'], { GIT_TRACE2_EVENT: trace });
      return hookBegan(trace);
    },
    /** How long each command of the last deployment took by itself, in milliseconds. */
    ownTimes: () => ownTimes(clock),
    forgetTimes: () => fs.rmSync(clock, { force: true }),
    /** The last deployment, and what it told. */
    last() {
      const journal = kit('journal/journal').Journal.open(home);
      const [deployment] = journal.history(1);
      const events = journal.since(0, deployment.id);
      journal.close();
      return { deployment, events };
    },
  };
}

/** @param {(file: string, args: string[]) => Promise<string>} run @param {string} message */
async function commit(run, message) {
  await run('git', ['add', '--all']);
  await run('git', ['commit', '--quiet', '--allow-empty', '-m', message]);
}

/** The commit's own configuration, its commands begun through the clock. @param {string} dir @param {string} clock */
function withClock(dir, clock) {
  fs.renameSync(path.join(dir, 'deploy.config.js'), path.join(dir, 'deploy.config.own.js'));
  const timed = `const timed = (name, argv) => argv && ['bash', '-c', ${JSON.stringify(CLOCK)}, name, ${JSON.stringify(clock)}, ...argv];`;
  const lines = [
    "const own = require('./deploy.config.own.js');",
    timed,
    'const { test, build, migrate } = own.app;',
    "const app = { ...own.app, test: timed('test', test), build: timed('build', build), migrate: timed('migrate', migrate) };",
    'module.exports = { ...own, app };',
  ];
  fs.writeFileSync(path.join(dir, 'deploy.config.js'), `${lines.join('\n')}\n`);
}

/** @param {string} clock @returns {Record<string, number>} */
function ownTimes(clock) {
  /** @type {Record<string, number>} */
  const times = {};
  for (const line of fs.existsSync(clock) ? fs.readFileSync(clock, 'utf8').trim().split('\n') : []) {
    const [name = '', what, at] = line.split(' ');
    const ms = Number(at) * 1000;
    times[name] = what === 'begin' ? -ms : (times[name] ?? 0) + ms;
  }
  return times;
}

/** @param {string} trace what git told of itself (trace2) @returns {number} */
function hookBegan(trace) {
  for (const line of fs.readFileSync(trace, 'utf8').split('\n')) {
    if (!line.includes('"pre-receive"')) continue;
    const event = JSON.parse(line);
    if (event.event === 'child_start') return new Date(event.time).getTime();
  }
  throw new Error('git told nothing of its hook');
}

module.exports = { startClone };
