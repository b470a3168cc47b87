/** Compares the strategies: a row for each measurement and a column for each strategy, so that it fits 60 columns. Pure. */
import { cellsOf, padCells } from '../../deploy/core/cells';
import { count, duration } from '../../deploy/core/format';
import type { Span, Style } from '../lib/styles';
import { megabytes } from './frame';
import { AT_ONCE_MS, type Cost } from './measure';
import { words } from './words';

/** Blank columns between two columns: the most that fit. */
const GAPS = [4, 3, 2, 1];
const NONE = '–';

interface Row {
  title: keyof ReturnType<typeof words>['rows'];
  value: (cost: Cost) => string;
  style?: (cost: Cost) => Style;
}

const ROWS: Row[] = [
  { title: 'requests', value: ({ requests }) => count(requests) },
  {
    title: 'failed',
    value: ({ failed }) => String(failed),
    style: ({ failed }) => (failed === 0 ? 'good' : 'bad'),
  },
  {
    title: 'downtime',
    value: ({ downMs }) => (downMs === 0 ? NONE : duration(downMs)),
    style: ({ downMs }) => (downMs === 0 ? 'good' : 'warning'),
  },
  { title: 'liveIn', value: ({ liveMs }) => time(liveMs) },
  { title: 'versions', value: ({ bothMs }) => (bothMs > AT_ONCE_MS ? '2' : '1') },
  { title: 'versionsFor', value: ({ bothMs }) => (bothMs > AT_ONCE_MS ? duration(bothMs) : NONE) },
  {
    title: 'flipFlopped',
    value: ({ flipFlopped }) => String(flipFlopped),
    style: ({ flipFlopped }) => (flipFlopped === 0 ? 'good' : 'bad'),
  },
  { title: 'slots', value: ({ maxRunning }) => String(maxRunning) },
  { title: 'memory', value: ({ maxMemory }) => megabytes(maxMemory) },
  { title: 'fewest', value: ({ minServing }) => String(minServing) },
  { title: 'rolledBack', value: ({ rollbackMs }) => time(rollbackMs) },
];

/** @param width in columns */
export function tableOf(strategies: { title: string; cost: Cost }[], width: number): Span[][] {
  const first = Math.max(...ROWS.map(({ title }) => cellsOf(words().rows[title])));
  const widths = strategies.map(({ title, cost }) =>
    Math.max(cellsOf(title), ...ROWS.map(({ value }) => value(cost).length)),
  );
  const filled = widths.reduce((sum, each) => sum + each, first);
  const gap = GAPS.find((each) => filled + each * widths.length <= width) ?? 1;
  const cell = (text: string, index: number): string =>
    ' '.repeat(gap + (widths[index] ?? 0) - cellsOf(text)) + text;
  return [
    [
      { text: ' '.repeat(first), style: 'plain' },
      { text: strategies.map(({ title }, index) => cell(title, index)).join(''), style: 'heading' },
    ],
    ...ROWS.map(({ title, value, style }): Span[] => [
      { text: padCells(words().rows[title], first), style: 'quiet' },
      ...strategies.map(({ cost }, index) => ({
        text: cell(value(cost), index),
        style: style ? style(cost) : ('plain' as const),
      })),
    ]),
  ];
}

function time(ms: number | null): string {
  return ms === null ? NONE : duration(ms);
}
