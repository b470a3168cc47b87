/** The pictures that explain something, drawn and compared with the files in docs/. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { drawings } from '../../../tools/timelines/drawings';
import { COLOURS, SLOTS } from '../../../tools/svg/page';
import { SIZES } from '../../../tools/timelines/style';

const DOCS = path.resolve(__dirname, '../../../docs');

/** The least distance between two baselines. */
const LINE = 14;
/** The least space between a text and the edge of its box. */
const EDGE = 4;

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}
interface Written {
  left: number;
  right: number;
  y: number;
  words: string;
}

describe.each(drawings())('$file', ({ file, svg }) => {
  it('is up to date in docs/ (node tools/run.js timelines)', () => {
    expect(readFileSync(path.join(DOCS, file), 'utf8')).toBe(svg);
  });

  it('has no text that overlaps another or leaves the picture', () => {
    const texts = textsOf(svg);
    expect(texts.length).toBeGreaterThan(15);
    const over = texts.filter(({ left, right }) => left < 0 || right > 960);
    expect(over).toEqual([]);
    const clashes = texts.flatMap((one, index) =>
      texts
        .slice(index + 1)
        .filter((two) => Math.abs(one.y - two.y) < LINE && one.left < two.right && two.left < one.right)
        .map((two) => `${one.words} / ${two.words}`),
    );
    expect(clashes).toEqual([]);
  });

  it('keeps the text of each bar and box away from its edges', () => {
    const boxes = boxesOf(svg);
    const placed = textsOf(svg).flatMap((text) => {
      const middle = (text.left + text.right) / 2;
      const around = boxes.filter(({ left, right, top, bottom }) => {
        return left < middle && middle < right && top < text.y && text.y < bottom;
      });
      return around.map((box) => ({
        ...text,
        space: Math.min(text.left - box.left, box.right - text.right),
      }));
    });
    expect(placed.length).toBeGreaterThan(5);
    expect(placed.filter(({ space }) => space < EDGE).map(({ words }) => words)).toEqual([]);
  });
});

it.each(['light', 'dark'] as const)(
  'text has a contrast of at least 4.5 : 1 on a %s page (WCAG AA)',
  (page) => {
    const { card, ink, quiet, red, down, on } = COLOURS[page];
    const pairs: [string, string][] = [
      [ink, card],
      [quiet, card],
      [red, card],
      [on, down],
      ...Object.values(SLOTS).flatMap((colours): [string, string][] => {
        const [full = '', pale = ''] = colours[page];
        return [
          [on, full],
          [ink, pale],
        ];
      }),
    ];
    expect(pairs.filter(([one, other]) => contrast(one, other) < 4.5)).toEqual([]);
  },
);

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** As WCAG defines it: 0 for black, 1 for white. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Every element that contains text, except the card. */
function boxesOf(svg: string): Box[] {
  return [
    ...svg.matchAll(
      /<rect class="(?!card)[a-z]+" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g,
    ),
  ].map((found) => {
    const [x = 0, y = 0, width = 0, height = 0] = found.slice(1).map(Number);
    return { left: x, right: x + width, top: y, bottom: y + height };
  });
}

function textsOf(svg: string): Written[] {
  return [...svg.matchAll(/<text class="([a-z]+)[^"]*" x="([\d.]+)" y="([\d.]+)">([^<]*)/g)].map(
    ([, kind = '', at, y, words = '']) => {
      const width = widthOf(words, SIZES[kind as keyof typeof SIZES]);
      const [start, end] = [['title', 'row'], ['key']].map((kinds) => kinds.includes(kind));
      const left = Number(at) - (start ? 0 : end ? width : width / 2);
      return { words, left, right: left + width, y: Number(y) };
    },
  );
}

/** In a wide font: a Hangul character fills a square, others a little over half. */
function widthOf(words: string, size: number): number {
  const signs = [...words].map((sign) => (/[\u1100-\ud7a3]/.test(sign) ? 0.95 : 0.58));
  return signs.reduce((sum, sign) => sum + sign, 0) * size;
}
