/** What every part of a picture needs to place itself. */
import { text } from '../svg/svg';
import type { Words } from './picture';

export interface Layout {
  translate: (words: Words) => string;
  /** Where a position in columns lies. */
  x: (column: number) => number;
  /** The left edge of each column, and the right edge of the last. */
  edges: number[];
  bottom: number;
}

export function label(kind: string, x: number, y: number, words: string): string {
  return text({ class: kind, x, y }, words);
}
