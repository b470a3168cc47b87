// @ts-check
/**
 * Pure: turns jest's results into the summary of `npm test`.
 *
 * @typedef {object} Outcome the result of one test
 * @property {string} suite
 * @property {string} name
 * @property {'passed' | 'failed' | 'skipped'} status
 * @property {string} [reason] why it was skipped
 * @property {string[]} [failure] the first lines of what went wrong
 * @property {string} [file] its path
 * @property {number} [begun] of its file, milliseconds since 1970
 * @property {number} [ended]
 */
'use strict';
const { duration } = require('./phase');

/** Exit status of a jest process that has its results but cannot exit, because a test left something open in it. */
const STAYS_OPEN = 97;

/** The mark that test/support/needs.ts puts into the title of tests that this machine cannot run. */
const NEEDS = / \[needs (.+)\]/;

/**
 * The number of a failure's lines in the summary, which may be all that is left of a log that was cut from the front.
 */
const LINES_OF_FAILURE = 3;

/**
 * @param {any[]} files jest's TestResult, one a file
 * @param {string} [pattern] jest's -t: tests that it does not match do not count as skipped
 * @returns {Outcome[]}
 */
function recordsOf(files, pattern) {
  const asked = pattern ? new RegExp(pattern, 'i') : /^/;
  return files.map((file) => recordsOfFile(file, asked)).reduce((all, some) => all.concat(some), []);
}

/** @param {any} file @param {RegExp} asked @returns {Outcome[]} */
function recordsOfFile(file, asked) {
  const suite = file.displayName ? file.displayName.name : 'tests';
  const span = { file: file.testFilePath, begun: file.perfStats.start, ended: file.perfStats.end };
  if (file.testExecError) {
    const failure = firstLines([file.testExecError.message || '']);
    return [{ suite, name: `${file.testFilePath} could not be run`, status: 'failed', failure, ...span }];
  }
  return file.testResults
    .filter((/** @type {any} */ test) => asked.test(test.fullName))
    .map((/** @type {any} */ test) => ({ suite, ...outcomeOf(test), ...span }));
}

/**
 * @param {{ fullName: string, status: string, failureMessages?: string[] }} test
 * @returns {Pick<Outcome, 'name' | 'status' | 'reason' | 'failure'>}
 */
function outcomeOf({ fullName, status, failureMessages }) {
  const name = fullName.replace(NEEDS, '');
  if (status === 'passed') return { name, status };
  if (status === 'failed') return { name, status, failure: firstLines(failureMessages || []) };
  const need = NEEDS.exec(fullName);
  const reason = need ? `needs ${need[1]}` : status === 'todo' ? 'still to be written' : 'no reason given';
  return { name, status: 'skipped', reason };
}

/**
 * The first lines, without colours and blank lines.
 * @param {string[]} messages jest's, one for each thing that went wrong
 */
function firstLines(messages) {
  const lines = messages
    .join('\n')
    .replace(/\x1b\[[\d;]*m/g, '')
    .split('\n');
  return lines.filter((line) => line.trim() !== '').slice(0, LINES_OF_FAILURE);
}

/**
 * @param {Outcome[]} outcomes
 * @param {string[]} suites the suites that were asked for, in order
 * @returns {{ lines: string[], ok: boolean }}
 */
function summarize(outcomes, suites) {
  const further = outcomes.map(({ suite }) => suite).filter((suite) => !suites.includes(suite));
  const names = [...suites, ...new Set(further)];
  const width = Math.max(...names.map((name) => name.length));
  const table = names.map((name) =>
    row(
      name.padEnd(width),
      outcomes.filter(({ suite }) => suite === name),
    ),
  );
  const total = tally(outcomes);
  return {
    lines: [
      '',
      ...table,
      ...listing(outcomes, 'skipped'),
      ...listing(outcomes, 'failed'),
      '',
      counted(total),
    ],
    ok: total.failed === 0 && total.passed > 0,
  };
}

/** @param {string} name @param {Outcome[]} outcomes */
function row(name, outcomes) {
  if (outcomes.length === 0) return `${name}  no test ran`;
  const begun = Math.min(...outcomes.map((outcome) => outcome.begun || Infinity));
  const ended = Math.max(...outcomes.map((outcome) => outcome.ended || 0));
  const time = ended > begun ? `, ${duration(ended - begun)}` : '';
  return `${name}  ${counted(tally(outcomes))}${time}`;
}

/** @param {Outcome[]} outcomes @param {'failed' | 'skipped'} status */
function listing(outcomes, status) {
  const listed = outcomes.filter((outcome) => outcome.status === status);
  if (listed.length === 0) return [];
  const lines = listed.map(({ suite, name, reason, failure }) => [
    `  ${suite}: ${name}${reason ? ` (${reason})` : ''}`,
    ...(failure || []).map((line) => `      ${line}`),
  ]);
  return ['', `${status}:`].concat(...lines);
}

/** @param {Outcome[]} outcomes */
function tally(outcomes) {
  const count = (/** @type {string} */ status) =>
    outcomes.filter((outcome) => outcome.status === status).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

/** @param {{ passed: number, failed: number, skipped: number }} tallied */
function counted({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

module.exports = { STAYS_OPEN, recordsOf, summarize };
