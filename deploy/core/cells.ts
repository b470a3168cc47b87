/** Aligns text in a terminal, where Korean, Chinese and Japanese characters take two cells. Pure. */

/** Scripts whose characters are two cells wide, and their punctuation. */
const WIDE =
  /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/gu;

export function cellsOf(text: string): number {
  return [...text].length + (text.match(WIDE)?.length ?? 0);
}

/** Like padEnd, in cells. */
export function padCells(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - cellsOf(text)));
}

/** The start of a text that fits into this many cells. */
export function cutCells(text: string, width: number): string {
  let left = width;
  let kept = '';
  for (const character of text) {
    left -= cellsOf(character);
    if (left < 0) break;
    kept += character;
  }
  return kept;
}
