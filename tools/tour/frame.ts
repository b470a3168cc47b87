/** Draws one strategy: its description, its lanes, the versions over time, and its cost. Pure. */
import { count, duration, plural } from '../../deploy/core/format';
import type { Span, Style } from '../lib/styles';
import type { SlotColour } from '../svg/page';
import { busySlots, fullShare, presenceLine, slotLane, slotStyle } from './lanes';
import { AT_ONCE_MS, measure, type Cost, type Marks, type Sample } from './measure';
import { flow, sentence } from './rows';
import { slicesOf, type Answer, type Period, type Slice } from './slices';
import type { TourStrategy } from './strategies';

/** A strategy in progress. */
export interface View {
  strategy: TourStrategy;
  /** The commands so far. */
  commands: string[];
  /** In order of time. */
  answers: Answer[];
  samples: Sample[];
  marks: Marks;
  /** Milliseconds since the start of the tour. */
  now: number;
  /** The last line of a deployment that failed. */
  verdict?: string;
}

const LABEL_COLUMNS = 9;
/** Columns for the total duration at the end of the row. */
const DURATION_COLUMNS = 10;
/** What is shown from before the start, and the least that a frame covers. */
const LEAD_MS = 800;
const MIN_MS = 6000;

export function frameOf(view: View, slots: SlotColour[], width: number): Span[][] {
  const { strategy, commands, answers, marks, now, verdict } = view;
  const from = marks.started - LEAD_MS;
  // at first the scale stays the same; at the end the whole width is used
  const period = { from, to: marks.end ?? Math.max(now, from + MIN_MS) };
  const columns = width - LABEL_COLUMNS;
  const slices = slicesOf(answers, period, columns);
  const busy = busySlots(slices, slots);
  const full = fullShare(slices, busy);
  return [
    ...headingRows(strategy, width),
    ...commands.map(commandRow),
    ...busy.map((slot) => [label(slot, slotStyle(slot, 'new')), ...slotLane(slices, slot, full)]),
    ...versionRows(slices),
    marksRow(marks, period, columns),
    ...costRows(measure(answers, view.samples, marks), strategy, width),
    ...(verdict === undefined ? [] : sentence(verdict, 'dead', width)),
  ];
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

function headingRows({ title, about }: TourStrategy, width: number): Span[][] {
  const heading: Span = { text: title, style: 'heading' };
  const [first = [], ...more] = sentence(about, 'quiet', width);
  const fits = more.length === 0 && title.length + 2 + about.length <= width;
  return fits ? [[heading, { text: '  ', style: 'plain' }, ...first]] : [[heading], first, ...more];
}

function commandRow(command: string): Span[] {
  return [
    { text: '$ ', style: 'prompt' },
    { text: command, style: 'typed' },
  ];
}

function versionRows(slices: Slice[]): Span[][] {
  const rows = [
    [label('old', 'quiet'), ...presenceLine(slices, 'old', 'quiet')],
    [label('new', 'typed'), ...presenceLine(slices, 'new', 'typed')],
  ];
  if (slices.some(({ turnedAway }) => turnedAway > 0))
    rows.push([label('503', 'warning'), ...presenceLine(slices, 'turnedAway', 'warning')]);
  if (slices.some(({ failed }) => failed > 0))
    rows.push([label('failed', 'bad'), ...presenceLine(slices, 'failed', 'bad')]);
  return rows;
}

/** Labels below the moments that they name, or side by side where the moments are too close. */
function marksRow({ started, live, rollback }: Marks, { from, to }: Period, columns: number): Span[] {
  const moments = [
    { at: started, word: 'begins' },
    { at: live, word: 'live' },
    { at: rollback, word: 'rollback' },
  ];
  let text = '';
  for (const { at, word } of moments) {
    if (at === undefined) continue;
    const column = Math.floor(((at - from) / (to - from)) * columns);
    const start = Math.min(column, columns - word.length - DURATION_COLUMNS);
    text = `${text.padEnd(start)}${text.length > 0 && text.length >= start ? ' ' : ''}╵${word}`;
  }
  const total = duration(to - from);
  return [{ text: ' '.repeat(LABEL_COLUMNS) + text.padEnd(columns - total.length) + total, style: 'quiet' }];
}

function costRows(cost: Cost, { fault }: TourStrategy, width: number): Span[][] {
  const parts = fault === undefined ? costParts(cost) : faultParts(cost);
  return flow(parts, { width, between: { text: ' · ', style: 'quiet' }, indent: LABEL_COLUMNS });
}

function costParts(cost: Cost): Span[] {
  const { failed, turnedAway, downMs, bothMs, minServing, rollbackMs } = cost;
  const both = bothMs > AT_ONCE_MS ? `2 versions at once for ${duration(bothMs)}` : '1 version at once';
  const parts: Span[] = [
    { text: plural(cost.requests, 'request'), style: 'plain' },
    { text: `${failed} failed`, style: failed === 0 ? 'good' : 'bad' },
  ];
  if (turnedAway > 0)
    parts.push({ text: `${count(turnedAway)} turned away in ${duration(downMs)}`, style: 'warning' });
  parts.push(
    { text: both, style: 'plain' },
    { text: `${plural(cost.maxRunning, 'slot')} ran with ${megabytes(cost.maxMemory)}`, style: 'plain' },
    { text: servingInWords(minServing), style: 'plain' },
  );
  if (rollbackMs !== null) parts.push({ text: `rolled back in ${duration(rollbackMs)}`, style: 'plain' });
  return parts;
}

function servingInWords(fewest: number): string {
  return fewest === 0
    ? 'no slot served for a moment'
    : `at least ${plural(fewest, 'slot')} served throughout`;
}

function faultParts({ requests, failed, affected, users, rollbackMs }: Cost): Span[] {
  return [
    { text: plural(requests, 'request'), style: 'plain' },
    { text: `${count(failed)} failed`, style: failed === 0 ? 'good' : 'bad' },
    { text: `${affected} of ${plural(users, 'user')} affected`, style: affected === 0 ? 'good' : 'bad' },
    ...(rollbackMs === null
      ? []
      : [{ text: `rolled back automatically in ${duration(rollbackMs)}`, style: 'plain' as const }]),
  ];
}

function label(text: string, style: Style): Span {
  return { text: text.padEnd(LABEL_COLUMNS), style };
}
