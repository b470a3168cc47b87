/** Compares the strategies: a row for each measurement and a column for each strategy, so that it fits 60 columns. Pure. */
import { count, duration } from '../../deploy/core/format';
import type { Span, Style } from '../lib/styles';
import { megabytes } from './frame';
import { AT_ONCE_MS, type Cost } from './measure';

/** Blank columns between two columns: the most that fit. */
const GAPS = [4, 3, 2, 1];
const NONE = '–';

interface Row {
  title: string;
  value: (cost: Cost) => string;
  style?: (cost: Cost) => Style;
}

const ROWS: Row[] = [
  { title: 'requests', value: ({ requests }) => count(requests) },
  {
    title: 'requests failed',
    value: ({ failed }) => String(failed),
    style: ({ failed }) => (failed === 0 ? 'good' : 'bad'),
  },
  {
    title: 'downtime',
    value: ({ downMs }) => (downMs === 0 ? NONE : duration(downMs)),
    style: ({ downMs }) => (downMs === 0 ? 'good' : 'warning'),
  },
  { title: 'all on the new one in', value: ({ liveMs }) => time(liveMs) },
  { title: 'versions at once', value: ({ bothMs }) => (bothMs > AT_ONCE_MS ? '2' : '1') },
  { title: '  for', value: ({ bothMs }) => (bothMs > AT_ONCE_MS ? duration(bothMs) : NONE) },
  {
    title: 'users who flip-flopped',
    value: ({ flipFlopped }) => String(flipFlopped),
    style: ({ flipFlopped }) => (flipFlopped === 0 ? 'good' : 'bad'),
  },
  { title: 'slots at most', value: ({ maxRunning }) => String(maxRunning) },
  { title: '  their memory', value: ({ maxMemory }) => megabytes(maxMemory) },
  { title: 'fewest slots serving', value: ({ minServing }) => String(minServing) },
  { title: 'rolled back in', value: ({ rollbackMs }) => time(rollbackMs) },
];

/** @param width in columns */
export function tableOf(strategies: { title: string; cost: Cost }[], width: number): Span[][] {
  const first = Math.max(...ROWS.map(({ title }) => title.length));
  const widths = strategies.map(({ title, cost }) =>
    Math.max(title.length, ...ROWS.map(({ value }) => value(cost).length)),
  );
  const filled = widths.reduce((sum, each) => sum + each, first);
  const gap = GAPS.find((each) => filled + each * widths.length <= width) ?? 1;
  const cell = (text: string, index: number): string => ' '.repeat(gap) + text.padStart(widths[index] ?? 0);
  return [
    [
      { text: ' '.repeat(first), style: 'plain' },
      { text: strategies.map(({ title }, index) => cell(title, index)).join(''), style: 'heading' },
    ],
    ...ROWS.map(({ title, value, style }): Span[] => [
      { text: title.padEnd(first), style: 'quiet' },
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
