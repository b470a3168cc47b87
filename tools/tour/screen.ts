/** Redraws a frame in a terminal. A pipe gets only final rows, line by line. */
import { cellsOf, cutCells } from '../../deploy/core/cells';
import { paint, type Span } from '../lib/styles';
import { columnsOf, plainText } from './rows';

const MAX_COLUMNS = 104;
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** Synchronized update: a terminal that supports it shows everything in between in one step; others ignore it. */
const UPDATE = { begin: '\x1b[?2026h', end: '\x1b[?2026l' };
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

export class Screen {
  /** All final rows. */
  readonly rows: Span[][] = [];
  private readonly isTerminal: boolean;
  private readonly colours: boolean;
  /** The frame on the screen, which the next one replaces. */
  private frame: Span[][] = [];
  private isCursorHidden = false;

  constructor(
    private readonly out: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows' | 'write'> = process.stdout,
  ) {
    this.isTerminal = Boolean(out.isTTY) && process.env.TERM !== 'dumb';
    this.colours = this.isTerminal && !process.env.NO_COLOR;
  }

  /** The current width in columns. */
  get width(): number {
    return this.isTerminal ? Math.min(this.out.columns - 1, MAX_COLUMNS) : MAX_COLUMNS;
  }

  /** Draws rows that may still change. Draws nothing that is higher than the terminal, because it could not be replaced. */
  draw(rows: Span[][]): void {
    if (!this.isTerminal || rows.length >= this.out.rows) return;
    this.hideCursor();
    const frame = rows.map((row) => cut(row, this.width));
    this.replaceFrame(frame);
    this.frame = frame;
  }

  /** Prints final rows. */
  print(rows: Span[][]): void {
    this.rows.push(...rows);
    this.replaceFrame(rows);
    this.frame = [];
  }

  /** Restores the terminal. */
  readonly close = (): void => {
    if (!this.isCursorHidden) return;
    this.isCursorHidden = false;
    process.removeListener('exit', this.close);
    this.out.write(SHOW_CURSOR);
  };

  private hideCursor(): void {
    if (this.isCursorHidden) return;
    this.isCursorHidden = true;
    process.on('exit', this.close);
    this.out.write(HIDE_CURSOR);
  }

  /** Overwrites line by line, so that the screen is never empty in between. */
  private replaceFrame(rows: Span[][]): void {
    const lines = rows.map((row) => (this.colours ? paint(row) : plainText(row)));
    if (!this.isTerminal) this.out.write(`${lines.join('\n')}\n`);
    else {
      const body = lines.map((line) => `${line}${CLEAR_LINE}\n`).join('');
      this.out.write(`${UPDATE.begin}${this.toTop()}${body}${CLEAR_BELOW}${UPDATE.end}`);
    }
  }

  /** A terminal that became narrower has wrapped the lines of a wider frame. */
  private toTop(): string {
    const lines = this.frame.map((row) => Math.max(1, Math.ceil(columnsOf(row) / this.out.columns)));
    const height = lines.reduce((sum, each) => sum + each, 0);
    const up = Math.min(this.out.rows - 1, height);
    return up > 0 ? `\x1b[${up}A\r` : '\r';
  }
}

/** A wrapped row could not be overwritten. */
function cut(row: Span[], columns: number): Span[] {
  let left = columns;
  return row.map(({ text, style }) => {
    const kept = cutCells(text, left);
    left -= cellsOf(text);
    return { text: kept, style };
  });
}

export function textOf(rows: Span[][]): string {
  return rows.map((row) => `${plainText(row)}\n`).join('');
}
