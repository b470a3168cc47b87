/** Rows that fit the width of a terminal. Pure. */
import { cellsOf } from '../../deploy/core/cells';
import type { Span, Style } from '../lib/styles';

/** Puts parts side by side and starts a new row when one does not fit. Width and indent are in columns. */
export function flow(
  parts: Span[],
  { width, between, indent = 0 }: { width: number; between: Span; indent?: number },
): Span[][] {
  const rows: Span[][] = [];
  let used = Infinity;
  for (const part of parts) {
    const row = rows.at(-1);
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

/** Breaks a sentence between its words. */
export function sentence(text: string, style: Style, width: number): Span[][] {
  const words = text.split(' ').map((word) => ({ text: word, style }));
  return flow(words, { width, between: { text: ' ', style } }).map(merged);
}

/** Merges adjacent spans of the same style. */
export function merged(cells: Span[]): Span[] {
  const spans: Span[] = [];
  for (const { text, style } of cells) {
    const last = spans.at(-1);
    if (last && (last.style === style || text === ' ')) last.text += text;
    else spans.push({ text, style });
  }
  return spans;
}

export function plainText(row: Span[]): string {
  return row
    .map(({ text }) => text)
    .join('')
    .trimEnd();
}

export function columnsOf(row: Span[]): number {
  return row.reduce((sum, span) => sum + lengthOf(span), 0);
}

function lengthOf({ text }: Span): number {
  return cellsOf(text);
}
