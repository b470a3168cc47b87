/**
 * Draws block elements and lines as shapes, as a good terminal does. A font would leave gaps, or have other widths. Pure.
 */
import { round } from './svg';

const LEVELS = '▁▂▃▄▅▆▇█';
const LINE = '━';
const LINE_HEIGHT = 0.14;

export function isBlocks(text: string): boolean {
  return text.trim() !== '' && [...text].every((character) => `${LEVELS}${LINE} `.includes(character));
}

/** The data of a path. Adjacent blocks of the same height are one shape. @param cell the first character's; y is its top */
export function blocksPath(
  text: string,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): string {
  return [...text.matchAll(/([^ ])\1*/g)]
    .map(({ 0: run, index }) => {
      const part = shape(run[0] ?? '');
      const [left, top] = [round(x + index * width), round(y + part.top * height)];
      const [right, down] = [round(run.length * width), round(part.height * height)];
      return `M${left} ${top}h${right}v${down}h${-right}z`;
    })
    .join('');
}

/** In parts of a cell's height. */
function shape(character: string): { top: number; height: number } {
  if (character === LINE) return { top: 0.5 - LINE_HEIGHT / 2, height: LINE_HEIGHT };
  const height = (LEVELS.indexOf(character) + 1) / LEVELS.length;
  return { top: 1 - height, height };
}
