/** The data with which every part of a picture is placed. */
import { text } from '../svg/svg';
import type { Language, Words } from './picture';

export interface Layout {
  translate: (words: Words) => string;
  /** The x coordinate of a position in columns. */
  x: (column: number) => number;
  /** The left edge of each column, and the right edge of the last. */
  edges: number[];
  bottom: number;
}

/** Korean puts no space before a per cent sign. */
export function translator(language: Language): (words: Words) => string {
  return (words) => {
    const text = typeof words === 'string' ? words : words[language];
    return language === 'ko' ? text.replaceAll(' %', '%') : text;
  };
}

export function label(kind: string, x: number, y: number, words: string): string {
  return text({ class: kind, x, y }, words);
}
