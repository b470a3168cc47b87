// @ts-check
/** docs/benchmarks.md, from a run's results: the words are the template's, every figure is the run's. */
'use strict';
const fs = require('fs');
const path = require('path');
const { interval, round } = require('./bounds');

const TEMPLATE = path.join(__dirname, 'template.md');

/** @param {any} run */
function markdown(run) {
  /** @type {Record<string, () => string>} */
  const parts = {
    machine: () => table(['', ''], Object.entries(run.machine)),
    bounds: () =>
      table(
        ['what', 'allowed', 'measured', ''],
        run.bounds.map((/** @type {import('./bounds').Bound} */ { what, allowed, measured, kept }) => [
          what,
          allowed,
          measured,
          kept ? 'kept' : '**missed**',
        ]),
      ),
    push: () => pushTable(run.results.push),
    rollback: () => rollbackTable(run.results.rollback),
    oldSlot: () => oldSlotLine(run.results.oldSlot),
    throughput: () => throughputTable(run.results.throughput),
    peers: () => peersTable(run.results.peers),
    install: () => installTable(run.results.install),
    skipped: () => skippedList(run),
  };
  const text = fs.readFileSync(TEMPLATE, 'utf8');
  return text.replace(/^\{\{(\w+)\}\}$/gm, (_, name) => /** @type {() => string} */ (parts[name])());
}

/** @param {any} push */
function pushTable({ pm2, compose }) {
  const runtimes = [
    ['PM2', pm2],
    ['Compose', compose],
  ].filter(([, each]) => each?.phases);
  const names = [
    ...new Set(runtimes.flatMap(([, each]) => each.phases.map((/** @type {any} */ { name }) => name))),
  ];
  const cell = (/** @type {any} */ each, /** @type {string} */ name) =>
    each.phases.find((/** @type {any} */ phase) => phase.name === name)?.ms ?? null;
  const rows = names.map((name) => [name, ...runtimes.map(([, each]) => milliseconds(cell(each, name)))]);
  const sum = (/** @type {string} */ what, /** @type {string} */ key) => [
    `**${what}**`,
    ...runtimes.map(
      ([, each]) => `**${milliseconds(each[key].median)}** (slowest ${milliseconds(each[key].slowest)})`,
    ),
  ];
  return table(
    ['phase', ...runtimes.map(([name]) => name)],
    [...rows, sum('the kit adds', 'kitAddsMs'), sum('from the hook to live, without the tests', 'liveMs')],
  );
}

/** @param {any} rollback */
function rollbackTable({ inDeployerMs, asCommandMs, builtBeforeMs }) {
  const row = (/** @type {string} */ what, /** @type {any} */ { median, slowest, count }) => [
    what,
    milliseconds(median),
    milliseconds(slowest),
    String(count),
  ];
  return table(
    ['', 'median', 'slowest', 'times'],
    [
      row('in the deployer, from the request to LIVE', inDeployerMs),
      row('as `npm run -s rollback`, to its exit', asCommandMs),
      row('a deploy of a commit that was built before, from the request to LIVE', builtBeforeMs),
    ],
  );
}

/** @param {any} oldSlot */
function oldSlotLine({ shifts, requests, late, latestMs, failed }) {
  return `${thousands(shifts)} shifts, ${thousands(requests)} requests: ${late} reached the slot before more than 2 ms after the rename (the latest ${round(latestMs)} ms after it), and ${failed} failed.`;
}

/** @param {any} throughput */
function throughputTable({ sample, bare }) {
  const row = (/** @type {string} */ what, /** @type {any} */ each) => [
    what,
    thousands(Math.round(each.perSecond.table)),
    thousands(Math.round(each.perSecond.plain)),
    interval(each),
    String(each.pairs),
  ];
  return table(
    ['behind it', 'with the table /s', 'plain nginx /s', 'ratio (95 %)', 'pairs'],
    [row('the sample app', sample), row('a bare Node app', bare)],
  );
}

/** @param {any} peers */
function peersTable({ rows }) {
  return table(
    [
      '',
      'version',
      'switches',
      'failed per switch',
      'requests/s still',
      'while switching',
      'p50 still',
      'while switching',
      'p99 still',
      'while switching',
    ],
    rows.map((/** @type {any} */ { name, version, switches, failedPerSwitch, still, switching }) => [
      name,
      version,
      String(switches),
      String(round(failedPerSwitch)),
      thousands(Math.round(still.perSecond)),
      thousands(Math.round(switching.perSecond)),
      milliseconds(still.p50),
      milliseconds(switching.p50),
      milliseconds(still.p99),
      milliseconds(switching.p99),
    ]),
  );
}

/** @param {any} install */
function installTable({ before, during, p99, perSecond, seconds, failed }) {
  const lines = table(
    ['', 'p50', 'p99'],
    [
      ['before', milliseconds(before.p50), milliseconds(before.p99)],
      ['while a release is installed, tested and built', milliseconds(during.p50), milliseconds(during.p99)],
    ],
  );
  return `${lines}\n\np99 during, of p99 before: ${interval(p99)}, ${p99.pairs} pairs of about ${Math.round(seconds)} s at ${perSecond} requests a second; ${failed} failed.`;
}

/** @param {any} run */
function skippedList({ skipped }) {
  if (skipped.length === 0) return 'Nothing was skipped.';
  return skipped
    .map(
      (/** @type {any} */ { name, why, install }) =>
        `- **${name}**: ${why}.${install ? ` \`${install}\`` : ''}`,
    )
    .join('\n');
}

/** @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** @param {number | null} ms */
function milliseconds(ms) {
  if (ms === null) return '–';
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${round(ms)} ms`;
}

/** @param {number} value */
function thousands(value) {
  return value.toLocaleString('en-US');
}

module.exports = { markdown };
