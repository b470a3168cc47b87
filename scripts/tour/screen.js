// @ts-check
/** A frame that is drawn over and over in a terminal; in a pipe only what is final, line by line. */
'use strict';
const { paint } = require('../demo/colours');

/** A frame needs this much, or it could not be drawn over. */
const SMALLEST = { columns: 60, rows: 18 };
const WIDEST = 104;

/** @typedef {import('../demo/colours').Span} Span */

class Screen {
  constructor() {
    const { isTTY, columns, rows } = process.stdout;
    const terminal = Boolean(isTTY) && process.env.TERM !== 'dumb';
    this.moves = terminal && columns >= SMALLEST.columns && rows >= SMALLEST.rows;
    this.colours = terminal && !process.env.NO_COLOR;
    /** Columns. */
    this.width = terminal ? Math.min(columns - 1, WIDEST) : WIDEST;
    /** How many rows the frame has that will be drawn over. */
    this.drawn = 0;
    /** @type {Span[][]} all that is final */
    this.rows = [];
  }

  /** What may still change. @param {Span[][]} rows */
  draw(rows) {
    if (!this.moves) return;
    this.write(this.erased() + rows.map((row) => this.line(cut(row, this.width))).join(''));
    this.drawn = rows.length;
  }

  /** What stays. @param {Span[][]} rows */
  print(rows) {
    this.rows.push(...rows);
    this.write(this.erased() + rows.map((row) => this.line(row)).join(''));
    this.drawn = 0;
  }

  /** The cursor goes up over what was drawn, and everything below it is gone. */
  erased() {
    return this.drawn === 0 ? '' : `\x1b[${this.drawn}A\r\x1b[J`;
  }

  /** @param {Span[]} row */
  line(row) {
    return this.colours ? `${paint(row)}\n` : textOf([row]);
  }

  /** @param {string} text */
  write(text) {
    process.stdout.write(text);
  }
}

/** A row that wraps could not be drawn over. @param {Span[]} row @param {number} columns @returns {Span[]} */
function cut(row, columns) {
  let left = columns;
  return row.map(({ text, style }) => {
    const kept = [...text].slice(0, Math.max(0, left));
    left -= kept.length;
    return { text: kept.join(''), style };
  });
}

/** Plain lines. @param {Span[][]} rows */
function textOf(rows) {
  return rows
    .map(
      (row) =>
        `${row
          .map(({ text }) => text)
          .join('')
          .trimEnd()}\n`,
    )
    .join('');
}

module.exports = { Screen, textOf };
