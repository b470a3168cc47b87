// @ts-check
/** Runs the suites through jest and collects what became of every test. */
'use strict';
const fs = require('fs');
const path = require('path');
const { run } = require('./run');
const { STAYS_OPEN } = require('./results');

/**
 * In this order. Real ports and processes do not disturb each other, and a test with real parts waits for one of them
 * now and then: three keep two processors busy, and more would only make each of them slower. Tests with a bound in
 * seconds are to measure Switchyard and not the machine: where that is five, two of them; where it is one, nothing runs
 * beside them.
 */
const RUNS = [
  { suites: ['app', 'unit'], beside: ['--maxWorkers=100%'] },
  { suites: ['integration', 'e2e'], beside: ['--maxWorkers=3'] },
  { suites: ['timed'], beside: ['--maxWorkers=2', '--testPathIgnorePatterns', 'timed/(webhook|wishes)'] },
  { suites: ['timed'], beside: ['--runInBand', '--testPathIgnorePatterns', 'timed/(?!webhook|wishes)'] },
];

/** The settings of deploy/config/load.ts, its secret and home, and what a git hook sets. */
const OF_A_SWITCHYARD = /^(SWITCHYARD_.+|WEBHOOK_SECRET|NOTIFY_URL|GIT_.+|.+_PORT|.+_SECONDS|BRANCH|SOURCE)$/;

/**
 * @param {string} root the clone
 * @param {string[]} wanted names of suites
 * @param {string[]} rest further arguments for jest
 * @param {string} folder the run's own: the tests' temporary folder
 * @returns {Promise<import('./results').Outcome[]>}
 */
async function runSuites(root, wanted, rest, folder) {
  /** @type {import('./results').Outcome[]} */
  let outcomes = [];
  for (const { suites, beside } of RUNS) {
    const chosen = suites.filter((suite) => wanted.includes(suite));
    if (chosen.length === 0) continue;
    outcomes = outcomes.concat(await runJest(root, chosen, [...rest, ...beside], folder));
  }
  return outcomes;
}

/** @param {string} root @param {string[]} suites @param {string[]} rest @param {string} folder */
async function runJest(root, suites, rest, folder) {
  const file = path.join(folder, 'results.json');
  // options that take lists come first: they would take the file names in `rest` too
  const args = [
    path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    ...['--selectProjects', ...suites],
    ...['--reporters', 'default', path.join(__dirname, 'jest-results.js')],
    `--testSequencer=${path.join(__dirname, 'longest-first.js')}`,
    `--cacheDirectory=${path.join(root, 'node_modules', '.cache', 'jest')}`,
    '--passWithNoTests',
    ...rest,
  ];
  const { status } = await run(process.execPath, args, {
    cwd: root,
    env: environment(folder, file),
    show: true,
  });
  return outcomesOf(file, suites.join(' and '), status);
}

/** What a person set for their own Switchyard is not the tests' business. @param {string} folder @param {string} file */
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
      name: 'a test left something open, so jest could not end',
      status: 'failed',
    });
  }
  if (status !== 0 && !outcomes.some((outcome) => outcome.status === 'failed')) {
    return outcomes.concat({
      suite,
      name: `jest ended with status ${status}, though no test failed`,
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

module.exports = { runSuites };
