// @ts-check
/** Pure: the strategies beside each other, as measured. */
'use strict';
const { duration } = require('../lib/phase');
const { AT_ONCE_MS } = require('./measure');

/**
 * @typedef {import('../demo/colours').Span} Span
 * @typedef {import('../demo/colours').Style} Style
 * @typedef {import('./measure').Measured} Measured
 * @typedef {{ title: string, of: (measured: Measured) => string, style?: (measured: Measured) => Style }} Column
 */

const GAP = 3;

/** @type {Column[]} */
const COLUMNS = [
  { title: 'requests', of: ({ asked }) => asked.toLocaleString('en') },
  {
    title: 'failed',
    of: ({ failed }) => String(failed),
    style: ({ failed }) => (failed === 0 ? 'good' : 'bad'),
  },
  {
    title: 'down for',
    of: ({ downMs }) => (downMs === 0 ? '–' : duration(downMs)),
    style: ({ downMs }) => (downMs === 0 ? 'good' : 'warning'),
  },
  {
    title: 'versions at once',
    of: ({ bothMs }) => (bothMs > AT_ONCE_MS ? `2 for ${duration(bothMs)}` : '1'),
  },
  { title: 'slots used', of: ({ runningMost }) => String(runningMost) },
  { title: 'in service', of: ({ servingLeast }) => `≥ ${servingLeast}` },
  { title: 'rolled back in', of: ({ backMs }) => (backMs === null ? '–' : duration(backMs)) },
];

/** @param {{ title: string, measured: Measured }[]} rows @returns {Span[][]} */
function tableOf(rows) {
  const first = Math.max(...rows.map(({ title }) => title.length));
  const widths = COLUMNS.map(({ title, of }) =>
    Math.max(title.length, ...rows.map(({ measured }) => of(measured).length)),
  );
  /** @param {string} text @param {number} index */
  const cell = (text, index) => ' '.repeat(GAP) + text.padStart(widths[index] ?? 0);
  return [
    [{ text: ' '.repeat(first) + COLUMNS.map(({ title }, i) => cell(title, i)).join(''), style: 'quiet' }],
    ...rows.map(({ title, measured }) => [
      { text: title.padEnd(first), style: /** @type {Style} */ ('heading') },
      ...COLUMNS.map(({ of, style }, index) => ({
        text: cell(of(measured), index),
        style: style ? style(measured) : /** @type {Style} */ ('plain'),
      })),
    ]),
  ];
}

module.exports = { tableOf };
