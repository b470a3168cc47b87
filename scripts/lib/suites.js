// @ts-check
/** Runs the suites through jest and collects the result of every test. */
'use strict';
const fs = require('fs');
const path = require('path');
const { run } = require('./run');
const { STAYS_OPEN } = require('./results');

/** @typedef {{ suites: string[], options: string[], env?: Record<string, string> }} Run one run of jest */

/**
 * The runs, in this order. Tests with real parts often wait for them, so three workers keep two processors busy. Timed
 * tests must measure Switchyard, not the machine. Those with a five-second limit run two at a time; those with a
 * one-second limit run alone.
 *
 * @type {Run[]}
 */
const ALL = [
  { suites: ['app', 'unit'], options: ['--maxWorkers=100%'] },
  { suites: ['integration', 'containers', 'e2e'], options: ['--maxWorkers=3'] },
  { suites: ['timed'], options: ['--maxWorkers=2', ...without('timed/(webhook|operator-requests)')] },
  { suites: ['timed'], options: ['--runInBand', ...without('timed/(?!webhook|operator-requests)')] },
];

/**
 * The runs for a contributor: they need no engine, and include only the first of the end-to-end tests.
 * @type {Run[]}
 */
const QUICK = [
  { suites: ['app', 'unit'], options: ['--maxWorkers=100%'] },
  {
    suites: ['integration', 'e2e'],
    options: ['--maxWorkers=3', ...without('e2e/(?!first-light)')],
    env: { SWITCHYARD_TEST_RUNTIMES: 'pm2' },
  },
];

/** Run only by name, because each takes long. @type {Run[]} */
const LONG = [{ suites: ['abuse'], options: ['--runInBand'] }];

/** @param {string} pattern of paths below test/ */
function without(pattern) {
  return ['--testPathIgnorePatterns', `test/${pattern}`];
}

/** The suites of some runs, each once. @param {Run[]} runs */
function suitesOf(runs) {
  return [...new Set(runs.flatMap(({ suites }) => suites))];
}

/** The runs, limited to these suites; runs without any are dropped. @param {string[]} wanted @returns {Run[]} */
function runsOf(wanted) {
  return [...ALL, ...LONG]
    .map(({ suites, options }) => ({
      suites: suites.filter((suite) => wanted.includes(suite)),
      options,
    }))
    .filter(({ suites }) => suites.length > 0);
}

/**
 * @param {string} root the clone
 * @param {Run[]} runs
 * @param {string[]} rest further arguments for jest
 * @param {string} folder the temporary folder of this run and its tests
 * @returns {Promise<import('./results').Outcome[]>}
 */
async function runSuites(root, runs, rest, folder) {
  /** @type {import('./results').Outcome[]} */
  let outcomes = [];
  for (const run of runs) outcomes = outcomes.concat(await runJest(root, run, rest, folder));
  return outcomes;
}

/** @param {string} root @param {Run} run @param {string[]} rest @param {string} folder */
async function runJest(root, { suites, options, env }, rest, folder) {
  const file = path.join(folder, 'results.json');
  // options with lists come first, because they would also consume the file names in `rest`
  const args = [
    path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    ...['--selectProjects', ...suites],
    ...['--reporters', 'default', path.join(__dirname, 'jest-results.js')],
    `--testSequencer=${path.join(__dirname, 'longest-first.js')}`,
    `--cacheDirectory=${path.join(root, 'node_modules', '.cache', 'jest')}`,
    '--passWithNoTests',
    ...rest,
    ...options,
  ];
  const { status } = await run(process.execPath, args, {
    cwd: root,
    env: { ...environment(folder, file), ...env },
    show: true,
  });
  return outcomesOf(file, suites.join(' and '), status);
}

/** The environment without the settings of a developer's own Switchyard. @param {string} folder @param {string} file */
function environment(folder, file) {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(SWITCHYARD_|WEBHOOK_SECRET$|GIT_)/.test(name),
  );
  return { ...Object.fromEntries(entries), TMPDIR: folder, SWITCHYARD_TEST_RESULTS: file };
}

/** @param {string} file @param {string} suite @param {number | null} status @returns {import('./results').Outcome[]} */
function outcomesOf(file, suite, status) {
  const outcomes = takeResults(file);
  if (status === STAYS_OPEN) {
    return outcomes.concat({
      suite,
      name: 'a test left something open, so jest could not exit',
      status: 'failed',
    });
  }
  if (status !== 0 && !outcomes.some((outcome) => outcome.status === 'failed')) {
    return outcomes.concat({
      suite,
      name: `jest exited with status ${status}, though no test failed`,
      status: 'failed',
    });
  }
  return outcomes;
}

/** @param {string} file @returns {import('./results').Outcome[]} */
function takeResults(file) {
  if (!fs.existsSync(file)) return [];
  const outcomes = JSON.parse(fs.readFileSync(file, 'utf8'));
  fs.rmSync(file);
  return outcomes;
}

module.exports = { ALL, LONG, QUICK, runSuites, runsOf, suitesOf };
