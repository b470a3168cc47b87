/** Draws a transcript as a terminal window, dark on every page. Pure. */
import { cellsOf, cutCells } from '../../deploy/core/cells';
import type { Span, Style } from '../lib/styles';
import { blocksPath, isBlocks } from './blocks';
import { motionRules, sweepShapes, type Motion, type Panel } from './motion';
import { circle, escape, group, path, rect, svgFile, text } from './svg';

const COLUMNS = 104;
const CELL = { width: 7.83, height: 19 };
const FONT_SIZE = 13;
const FONT_FAMILY =
  "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace";
/** From the baseline to the bottom of the cell. */
const DESCENT = 5;
const TITLE_BAR = 38;
const MARGIN = { x: 20, top: 10, bottom: 18 };
const WINDOW = { fill: '#161b22', bar: '#21262d', edge: '#30363d', radius: 10 };
const BUTTONS = ['#ff5f57', '#febc2e', '#28c840'];

/** Every colour has a contrast of at least 4.5 : 1 with the window (WCAG AA). */
const STYLES: Record<Style, string> = {
  plain: 'fill:#c9d1d9',
  quiet: 'fill:#8b949e',
  prompt: 'fill:#8b949e',
  typed: 'fill:#f0f6fc;font-weight:600',
  comment: 'fill:#d2a8ff;font-style:italic',
  remote: 'fill:#79c0ff',
  good: 'fill:#56d364',
  bad: 'fill:#ff7b72',
  warning: 'fill:#e3b341',
  live: 'fill:#56d364;font-weight:600',
  dead: 'fill:#ff7b72;font-weight:600',
  heading: 'fill:#f0f6fc;font-weight:600',
  blue: 'fill:#58a6ff',
  'blue-old': 'fill:#2f65a8',
  green: 'fill:#3fb950',
  'green-old': 'fill:#2a7a38',
  amber: 'fill:#e3a52b',
  'amber-old': 'fill:#8f6a22',
  violet: 'fill:#bc8cff',
  'violet-old': 'fill:#7352a8',
};

/** @param motion none for a still picture */
export function terminalPicture(lines: Span[][], title: string, motion: Motion = {}): string {
  const { startsMs = [], sweep } = motion;
  const rows = lines.flatMap((line, index) =>
    wrap(line, COLUMNS).map((spans) => ({ spans, startMs: startsMs[index] })),
  );
  const width = Math.ceil(COLUMNS * CELL.width + 2 * MARGIN.x);
  const height = topOf(rows.length) + MARGIN.bottom;
  const panels = sweep ? panelsOf(rows.map(({ spans }) => spans)) : [];
  return svgFile({
    width,
    height,
    title,
    head: styleSheet(motionRules(motion, panels)),
    shapes: [
      ...windowShapes(width, height, title),
      ...rows.map(({ spans, startMs }, index) => {
        const row = rowShapes(spans, topOf(index + 1) - DESCENT);
        return startMs === undefined ? row : group('g', { class: `at${startMs}` }, row);
      }),
      ...sweepShapes(panels, WINDOW.fill),
    ],
  });
}

function topOf(row: number): number {
  return TITLE_BAR + MARGIN.top + row * CELL.height;
}

/** A panel is a block of adjacent rows with lanes. */
function panelsOf(rows: Span[][]): Panel[] {
  const panels: Panel[] = [];
  rows.forEach((row, index) => {
    const lanes = placed(row).filter(({ text: content }) => isBlocks(content));
    if (lanes.length === 0) return;
    const [top, bottom] = [topOf(index), topOf(index + 1)];
    const left = Math.min(...lanes.map(({ x }) => x));
    const right = Math.max(...lanes.map(({ x, width }) => x + width));
    const last = panels.at(-1);
    if (last?.bottom !== top) panels.push({ left, right, top, bottom });
    else Object.assign(last, { left: Math.min(last.left, left), right: Math.max(last.right, right), bottom });
  });
  return panels;
}

/** Breaks a line at the last column, even within a word, as a terminal does. */
export function wrap(line: Span[], columns: number): Span[][] {
  let row: Span[] = [];
  const rows = [row];
  let left = columns;
  for (const { text: content, style } of line) {
    let rest = content;
    while (rest !== '') {
      const part = cutCells(rest, left);
      left -= cellsOf(part);
      rest = rest.slice(part.length);
      if (part !== '') row.push({ text: part, style });
      if (rest === '') break;
      rows.push((row = []));
      left = columns;
    }
  }
  return rows;
}

function styleSheet(motion: string): string {
  const rules = Object.entries(STYLES).map(([name, rule]) => `.${name}{${rule}}`);
  const font = `text{font:${FONT_SIZE}px ${FONT_FAMILY};white-space:pre}`;
  return `<style>${font}${rules.join('')}${motion}</style>`;
}

function windowShapes(width: number, height: number, title: string): string[] {
  const { fill, bar, edge, radius } = WINDOW;
  const outline = { x: '.5', y: '.5', width: width - 1, height: height - 1, rx: radius };
  const top = `M.5 ${TITLE_BAR}V${radius}a${radius} ${radius} 0 0 1 ${radius}-${radius}H${width - radius}`;
  const corner = `a${radius} ${radius} 0 0 1 ${radius - 0.5} ${radius}V${TITLE_BAR}z`;
  return [
    rect({ ...outline, fill, stroke: edge }),
    path({ d: top + corner, fill: bar }),
    ...BUTTONS.map((colour, index) => circle({ cx: 22 + index * 20, cy: TITLE_BAR / 2, r: 6, fill: colour })),
    text({ x: width / 2, y: TITLE_BAR / 2 + 5, 'text-anchor': 'middle', class: 'quiet' }, title),
  ];
}

/** @param y of the baseline */
function rowShapes(row: Span[], y: number): string {
  let spans = '';
  let shapes = '';
  for (const { text: content, style, x, width } of placed(row)) {
    if (isBlocks(content)) {
      const d = blocksPath(content, { x, y: y + DESCENT - CELL.height, ...CELL });
      shapes += path({ class: style, d });
    } else if (content.trim() !== '') {
      spans += group('tspan', { x, textLength: width, class: style }, escape(content));
    }
  }
  return shapes + (spans && group('text', { y, 'xml:space': 'preserve' }, spans));
}

/** Each span has a fixed place and width, so that columns align in every font. */
function placed(row: Span[]): (Span & { x: number; width: number })[] {
  let column = 0;
  return row.map((span) => {
    const [x, length] = [MARGIN.x + column * CELL.width, cellsOf(span.text)];
    column += length;
    return { ...span, x, width: length * CELL.width };
  });
}
