// @ts-check
/** Pure: the strategies beside each other, as measured: a column each, so that it fits a narrow terminal too. */
'use strict';
const { duration } = require('../lib/phase');
const { AT_ONCE_MS } = require('./measure');
const { megabytes } = require('./megabytes');

/**
 * @typedef {import('../demo/colours').Span} Span
 * @typedef {import('../demo/colours').Style} Style
 * @typedef {import('./measure').Measured} Measured
 * @typedef {{ title: string, of: (measured: Measured) => string, style?: (measured: Measured) => Style }} Row
 */

/** Columns between two columns: as many as there is room for. */
const GAPS = [4, 3, 2, 1];
const NONE = '–';

/** @type {Row[]} */
const ROWS = [
  { title: 'requests', of: ({ asked }) => asked.toLocaleString('en') },
  {
    title: 'requests failed',
    of: ({ failed }) => String(failed),
    style: ({ failed }) => (failed === 0 ? 'good' : 'bad'),
  },
  {
    title: 'nobody served for',
    of: ({ downMs }) => (downMs === 0 ? NONE : duration(downMs)),
    style: ({ downMs }) => (downMs === 0 ? 'good' : 'warning'),
  },
  { title: 'all on the new one in', of: ({ liveMs }) => time(liveMs) },
  { title: 'versions at once', of: ({ bothMs }) => (bothMs > AT_ONCE_MS ? '2' : '1') },
  { title: '  for', of: ({ bothMs }) => (bothMs > AT_ONCE_MS ? duration(bothMs) : NONE) },
  {
    title: 'users sent back to old',
    of: ({ sentBack }) => String(sentBack),
    style: ({ sentBack }) => (sentBack === 0 ? 'good' : 'bad'),
  },
  { title: 'slots at most', of: ({ runningMost }) => String(runningMost) },
  { title: '  their memory', of: ({ memoryMost }) => megabytes(memoryMost) },
  { title: 'serving at least', of: ({ servingLeast }) => String(servingLeast) },
  { title: 'rolled back in', of: ({ backMs }) => time(backMs) },
];

/** @param {{ title: string, measured: Measured }[]} strategies @param {number} width columns @returns {Span[][]} */
function tableOf(strategies, width) {
  const first = Math.max(...ROWS.map(({ title }) => title.length));
  const widths = strategies.map(({ title, measured }) =>
    Math.max(title.length, ...ROWS.map(({ of }) => of(measured).length)),
  );
  const filled = widths.reduce((sum, each) => sum + each, first);
  const gap = GAPS.find((each) => filled + each * widths.length <= width) ?? 1;
  /** @param {string} text @param {number} index */
  const cell = (text, index) => ' '.repeat(gap) + text.padStart(widths[index] ?? 0);
  return [
    [
      { text: ' '.repeat(first), style: 'plain' },
      { text: strategies.map(({ title }, index) => cell(title, index)).join(''), style: 'heading' },
    ],
    ...ROWS.map(({ title, of, style }) => [
      { text: title.padEnd(first), style: /** @type {Style} */ ('quiet') },
      ...strategies.map(({ measured }, index) => ({
        text: cell(of(measured), index),
        style: style ? style(measured) : /** @type {Style} */ ('plain'),
      })),
    ]),
  ];
}

/** @param {number | null} ms */
function time(ms) {
  return ms === null ? NONE : duration(ms);
}

module.exports = { tableOf };
