/** Draws a lane with its bars. Pure. */
import { rect, round } from '../svg/svg';
import { label, type Layout } from './layout';
import type { Bar, Lane, SharedBar } from './picture';

const HEIGHT = 36;
const STRIPES = { fill: 'url(#stripes)' };

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  rx: number;
}

export function laneShapes(
  { name, bars }: Lane,
  { left, y }: { left: number; y: number },
  { translate, x }: Layout,
): string[] {
  const baseline = y + 23;
  return [
    label('row', left, baseline, translate(name)),
    ...bars.flatMap((bar) => {
      const [start, end] = [x(bar.from) + 1, x(bar.to) - 1];
      const box = { x: start, y, width: round(end - start, 1), height: HEIGHT, rx: 4 };
      const words = bar.words
        ? [label(textKind(bar), round((start + end) / 2, 1), baseline, translate(bar.words))]
        : [];
      return [...('parts' in bar ? sharedShapes(bar, box) : [barShape(bar, box)]), ...words];
    }),
  ];
}

function textKind(bar: Bar | SharedBar): string {
  if ('empty' in bar) return 'note';
  if ('parts' in bar || 'updated' in bar) return 'bar over';
  return 'idle' in bar ? 'waits' : 'bar';
}

function barShape(bar: Bar, box: Box): string {
  if ('empty' in bar) return rect({ class: 'empty', ...box });
  if ('down' in bar) return rect({ class: 'down', ...box });
  if ('idle' in bar) return rect({ class: `pale${bar.idle}`, ...box });
  if ('live' in bar) return rect({ class: bar.live, ...box });
  return rect({ class: bar.updated, ...box }) + rect({ ...STRIPES, ...box });
}

/** The exact position adds up, so that small shares do not disappear in rounding. */
function sharedShapes({ parts }: SharedBar, box: Box): string[] {
  let top = box.y;
  return parts.map(({ slot, share, updated }) => {
    const height = (HEIGHT * share) / 100;
    const part = { ...box, y: round(top, 1), height: round(height, 1), rx: 0 };
    top += height;
    return rect({ class: slot, ...part }) + (updated ? rect({ ...STRIPES, ...part }) : '');
  });
}
