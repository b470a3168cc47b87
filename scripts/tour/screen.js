// @ts-check
/** A frame that is drawn over and over in a terminal; in a pipe only what is final, line by line. */
'use strict';
const { paint } = require('../demo/colours');

const WIDEST = 104;
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** A terminal that knows them shows what stands between them at once; others pass over them. */
const AT_ONCE = { begin: '\x1b[?2026h', end: '\x1b[?2026l' };
const REST_OF_LINE = '\x1b[K';
const ALL_BELOW = '\x1b[J';

/** @typedef {import('../demo/colours').Span} Span */

class Screen {
  /** @param {Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows' | 'write'>} out */
  constructor(out = process.stdout) {
    this.out = out;
    this.isTerminal = Boolean(out.isTTY) && process.env.TERM !== 'dumb';
    this.colours = this.isTerminal && !process.env.NO_COLOR;
    /** @type {Span[][]} the frame that will be drawn over */
    this.drawn = [];
    /** @type {Span[][]} all that is final */
    this.rows = [];
    this.isHidden = false;
    this.show = () => this.close();
  }

  /** Columns, as many as it has now. */
  get width() {
    return this.isTerminal ? Math.min(this.out.columns - 1, WIDEST) : WIDEST;
  }

  /** What may still change. One that is higher than the terminal could not be drawn over. @param {Span[][]} rows */
  draw(rows) {
    if (!this.isTerminal || rows.length >= this.out.rows) return;
    this.hideCursor();
    const frame = rows.map((row) => cut(row, this.width));
    this.over(frame);
    this.drawn = frame;
  }

  /** What stays. @param {Span[][]} rows */
  print(rows) {
    this.rows.push(...rows);
    this.over(rows);
    this.drawn = [];
  }

  /** Leaves the terminal as it was. */
  close() {
    if (!this.isHidden) return;
    this.isHidden = false;
    process.removeListener('exit', this.show);
    this.out.write(SHOW_CURSOR);
  }

  hideCursor() {
    if (this.isHidden) return;
    this.isHidden = true;
    process.on('exit', this.show);
    this.out.write(HIDE_CURSOR);
  }

  /** Line over line, without a moment in which there is nothing. @param {Span[][]} rows */
  over(rows) {
    const text = rows.map((row) => this.line(row));
    if (!this.isTerminal) this.out.write(text.join('\n') + '\n');
    else
      this.out.write(
        `${AT_ONCE.begin}${this.toTop()}${text.map((line) => `${line}${REST_OF_LINE}\n`).join('')}${ALL_BELOW}${AT_ONCE.end}`,
      );
  }

  /** A narrower terminal has broken the lines that were drawn in a wider one. */
  toTop() {
    const lines = this.drawn.map((row) => Math.max(1, Math.ceil(columnsOf(row) / this.out.columns)));
    const up = Math.min(
      this.out.rows - 1,
      lines.reduce((sum, count) => sum + count, 0),
    );
    return up > 0 ? `\x1b[${up}A\r` : '\r';
  }

  /** @param {Span[]} row */
  line(row) {
    return this.colours ? paint(row) : plain(row);
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

/** @param {Span[]} row */
function columnsOf(row) {
  return row.reduce((sum, { text }) => sum + [...text].length, 0);
}

/** @param {Span[]} row */
function plain(row) {
  return row
    .map(({ text }) => text)
    .join('')
    .trimEnd();
}

/** Plain lines. @param {Span[][]} rows */
function textOf(rows) {
  return rows.map((row) => `${plain(row)}\n`).join('');
}

module.exports = { Screen, textOf };
