#!/usr/bin/env node
// @ts-check
/**
 * `npm test`: installs what it needs, as `npm start` does, runs the quick tests and prints a summary. The last line is
 * always `N passed, N failed, N skipped`.
 *
 *     npm test                          what a contributor runs
 *     npm run test:all                  everything
 *     npm run test:all -- --record      the same, and keeps how long each file took
 *     npm test -- unit e2e -t 'name'    whole suites; what follows goes to jest
 */
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const { ensureBuilt } = require('./lib/build');
const { end } = require('./lib/known');
const { checkMachine } = require('./lib/machine');
const { ensureNginx } = require('./lib/nginx');
const { ensurePackages } = require('./lib/packages');
const { asksForHelp, printUsage } = require('./lib/usage');
const { summarize } = require('./lib/results');
const { record } = require('./lib/durations');
const { ALL, LONG, QUICK, runSuites, runsOf, suitesOf } = require('./lib/suites');
const { leftInEngine, removeFromEngine } = require('./lib/engine-leftovers');
const { filesLeft, processesLeft, withContent } = require('./lib/leftovers');

const ROOT = path.resolve(__dirname, '..');
/** Suites that need neither nginx nor the compiled kit and app. */
const ALONE = ['app', 'unit'];

async function test() {
  if (asksForHelp(process.argv)) return printUsage(__filename);
  const { runs, rest, isRecorded } = parse(process.argv.slice(2));
  const suites = suitesOf(runs);
  await setUp(suites);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-'));
  // nginx's workers run as another user and must be able to enter; unix sockets need a short path
  fs.chmodSync(folder, 0o755);
  try {
    const outcomes = await runSuites(ROOT, runs, rest, folder);
    if (isRecorded) record(ROOT, outcomes);
    const { lines, ok } = summarize(outcomes.concat(await leftBehind(folder)), suites);
    process.exitCode = ok ? 0 : 1;
    console.log(lines.join('\n'));
  } finally {
    await endLeftovers(folder);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string[]} args */
function parse(args) {
  const names = suitesOf([...ALL, ...LONG]);
  const isRecorded = args.includes('--record');
  const [all, ...others] = args.filter((arg) => arg !== '--record');
  if (all === 'all') return { runs: ALL, rest: others, isRecorded };
  const other = args.findIndex((arg) => !names.includes(arg));
  const named = other < 0 ? args : args.slice(0, other);
  return {
    runs: named.length === 0 ? QUICK : runsOf(named),
    rest: args.slice(named.length),
    isRecorded: false,
  };
}

/** @param {string[]} suites */
async function setUp(suites) {
  const real = suites.some((suite) => !ALONE.includes(suite));
  checkMachine(ROOT);
  if (real) await ensureNginx();
  await ensurePackages(ROOT);
  if (!real) return;
  await ensureBuilt(ROOT, 'deploy', 'Switchyard');
  // the user's own app may not use TypeScript
  if (fs.existsSync(path.join(ROOT, 'app', 'tsconfig.json'))) await ensureBuilt(ROOT, 'app', 'the app');
}

/**
 * A test that leaves a process, a container or a file behind has failed, even if all its expectations hold.
 * @param {string} folder
 * @returns {Promise<import('./lib/results').Outcome[]>}
 */
async function leftBehind(folder) {
  const processes = await processesLeft(folder);
  const names = processes
    .map(({ pid, command }) => `process ${pid}: ${command}`)
    .concat(leftInEngine(folder).map(({ what, name }) => `${what} ${name}`))
    .concat(filesLeft(folder).map((name) => `in the temporary folder: ${withContent(folder, name)}`));
  return names.map((name) => ({ suite: 'left behind', name, status: 'failed' }));
}

/** @param {string} folder */
async function endLeftovers(folder) {
  removeFromEngine(folder);
  for (const { pid } of await processesLeft(folder, 0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (_) {
      // the process has already exited
    }
  }
}

test().catch(end);
