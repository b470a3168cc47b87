/** Draws one strategy: its description, its lanes, the versions over time, and its cost. Pure. */
import { cellsOf, padCells } from '../../deploy/core/cells';
import { duration } from '../../deploy/core/format';
import type { Span, Style } from '../lib/styles';
import type { SlotColour } from '../svg/page';
import { busySlots, fullShare, presenceLine, slotLane, slotStyle } from './lanes';
import { AT_ONCE_MS, measure, type Cost, type Marks, type Sample } from './measure';
import { flow, sentence } from './rows';
import { slicesOf, type Answer, type Period, type Slice } from './slices';
import type { TourStrategy } from './strategies';
import { words } from './words';

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
/** The time shown before the start, and the minimum that a frame covers. */
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
  const fits = more.length === 0 && cellsOf(title) + 2 + cellsOf(about) <= width;
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
    [label(words().old, 'quiet'), ...presenceLine(slices, 'old', 'quiet')],
    [label(words().new, 'typed'), ...presenceLine(slices, 'new', 'typed')],
  ];
  if (slices.some(({ turnedAway }) => turnedAway > 0))
    rows.push([label('503', 'warning'), ...presenceLine(slices, 'turnedAway', 'warning')]);
  if (slices.some(({ failed }) => failed > 0))
    rows.push([label(words().failed, 'bad'), ...presenceLine(slices, 'failed', 'bad')]);
  return rows;
}

/** Labels below the moments that they name, or side by side where the moments are too close. */
function marksRow({ started, live, rollback }: Marks, { from, to }: Period, columns: number): Span[] {
  const moments = [
    { at: started, word: words().begins },
    { at: live, word: words().live },
    { at: rollback, word: words().rollback },
  ];
  // from the right, so that the last label leaves room for the duration
  let end = columns - DURATION_COLUMNS;
  const labels = moments.reverse().flatMap(({ at, word }) => {
    if (at === undefined) return [];
    const column = Math.floor(((at - from) / (to - from)) * columns);
    const start = Math.max(0, Math.min(column, end - cellsOf(word)));
    end = start - 2;
    return [{ start, word: `╵${word}` }];
  });
  let text = '';
  for (const { start, word } of labels.reverse())
    text = `${padCells(text, start)}${text !== '' && cellsOf(text) >= start ? ' ' : ''}${word}`;
  const total = duration(to - from);
  return [
    { text: ' '.repeat(LABEL_COLUMNS) + padCells(text, columns - total.length) + total, style: 'quiet' },
  ];
}

function costRows(cost: Cost, { fault }: TourStrategy, width: number): Span[][] {
  const parts = fault === undefined ? costParts(cost) : faultParts(cost);
  return flow(parts, { width, between: { text: ' · ', style: 'quiet' }, indent: LABEL_COLUMNS });
}

function costParts(cost: Cost): Span[] {
  const { failed, turnedAway, downMs, bothMs, minServing, rollbackMs } = cost;
  const both = bothMs > AT_ONCE_MS ? words().twoVersions(duration(bothMs)) : words().oneVersion;
  const parts: Span[] = [
    { text: words().requests(cost.requests), style: 'plain' },
    { text: words().failures(failed), style: failed === 0 ? 'good' : 'bad' },
  ];
  if (turnedAway > 0)
    parts.push({ text: words().turnedAway(turnedAway, duration(downMs)), style: 'warning' });
  parts.push(
    { text: both, style: 'plain' },
    { text: words().slotsRan(cost.maxRunning, megabytes(cost.maxMemory)), style: 'plain' },
    { text: minServing === 0 ? words().noneServed : words().someServed(minServing), style: 'plain' },
  );
  if (rollbackMs !== null) parts.push({ text: words().rolledBack(duration(rollbackMs)), style: 'plain' });
  return parts;
}

function faultParts({ requests, failed, affected, users, newMs }: Cost): Span[] {
  return [
    { text: words().requests(requests), style: 'plain' },
    { text: words().failures(failed), style: failed === 0 ? 'good' : 'bad' },
    { text: words().affected(affected, users), style: affected === 0 ? 'good' : 'bad' },
    { text: words().rolledBackAutomatically(duration(newMs)), style: 'plain' },
  ];
}

function label(text: string, style: Style): Span {
  return { text: padCells(text, LABEL_COLUMNS), style };
}
