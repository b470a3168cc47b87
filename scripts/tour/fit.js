// @ts-check
/** Pure: rows that are no wider than a terminal. */
'use strict';

/** @typedef {import('../demo/colours').Span} Span */

/**
 * Parts one after the other; one that does not fit into its row begins the next.
 * @param {Span[]} parts
 * @param {{ width: number, between: Span, indent?: number }} how width and indent in columns
 * @returns {Span[][]}
 */
function flow(parts, { width, between, indent = 0 }) {
  /** @type {Span[][]} */
  const rows = [];
  let used = Infinity;
  for (const part of parts) {
    const row = rows[rows.length - 1];
    const needed = lengthOf(between) + lengthOf(part);
    if (row && used + needed <= width) {
      row.push(between, part);
      used += needed;
    } else {
      rows.push([{ text: ' '.repeat(indent), style: 'plain' }, part]);
      used = indent + lengthOf(part);
    }
  }
  return rows;
}

/** A sentence, broken between its words. @param {string} text @param {import('../demo/colours').Style} style @param {number} width @returns {Span[][]} */
function sentence(text, style, width) {
  const words = text.split(' ').map((word) => ({ text: word, style }));
  return flow(words, { width, between: { text: ' ', style } }).map(joined);
}

/** Neighbours of one style become one span. @param {Span[]} cells @returns {Span[]} */
function joined(cells) {
  /** @type {Span[]} */
  const spans = [];
  for (const { text, style } of cells) {
    const last = spans[spans.length - 1];
    if (last && (last.style === style || text === ' ')) last.text += text;
    else spans.push({ text, style });
  }
  return spans;
}

/** @param {Span} span */
function lengthOf({ text }) {
  return [...text].length;
}

module.exports = { flow, joined, sentence };
