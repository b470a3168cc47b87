/**
 * Draws the first push of the demo as an animation: each line appears when it was printed. Below, a playhead crosses
 * the lanes of the slots that answered the users during the push. Pure.
 */
import { count, duration, plural } from '../../deploy/core/format';
import { highlight, type Span } from '../lib/styles';
import type { SlotColour } from '../svg/page';
import { round } from '../svg/svg';
import { terminalPicture } from '../svg/terminal';
import { COMMAND, type PushRecording } from './push-recorder';

/** Before the push starts. */
const TYPING_MS = 800;
/** A longer push is played faster. */
const MAX_MS = 10_000;
const LEVELS = ' ▁▂▃▄▅▆▇';
const LABEL_COLUMNS = 9;
const LANE_COLUMNS = 95;
const INDENT = ' '.repeat(LABEL_COLUMNS);
const SHIFT = '╵shift';

/** @param transcript of the whole demo */
export function pushPicture(transcript: string[], recording: PushRecording): string {
  const lines = firstPush(transcript);
  const traffic = trafficRows(lines, recording);
  const endMs = endOf(recording) / speedOf(recording);
  const output = recording.startsMs.slice(1).map((ms) => Math.round(TYPING_MS + ms / speedOf(recording)));
  return terminalPicture([...lines.map(highlight), ...traffic, totalRow(recording)], COMMAND.slice(2), {
    startsMs: [0, ...output, ...traffic.map(() => 0), Math.round(TYPING_MS + endMs)],
    sweep: { fromMs: TYPING_MS, eachMs: endMs },
  });
}

function firstPush(transcript: string[]): string[] {
  const first = transcript.indexOf(COMMAND);
  const next = transcript.findIndex((line, index) => index > first && line.startsWith('$ '));
  return transcript.slice(first, next);
}

function trafficRows(lines: string[], recording: PushRecording): Span[][] {
  const { users, startsMs, slots } = recording;
  const lanes = Object.entries(slots).map(([slot, slices]) => ({ slot, columns: inColumns(slices) }));
  const most = Math.max(...lanes.flatMap(({ columns }) => columns));
  const bar = (responsesInColumn: number): string =>
    LEVELS[Math.ceil((responsesInColumn / most) * (LEVELS.length - 1))] ?? ' ';
  const shiftMs = startsMs[lines.findIndex((line) => line.startsWith('remote: ✓ shift'))] ?? 0;
  const speed = speedOf(recording);
  const faster = speed > 1 ? ` (played ${round(speed, 1)} times as fast)` : '';
  return [
    [],
    [{ text: `# Meanwhile, ${users} users send requests. Which slot answers?${faster}`, style: 'comment' }],
    ...lanes.map(({ slot, columns }): Span[] => [
      { text: slot.padEnd(LABEL_COLUMNS), style: slot as SlotColour },
      { text: columns.map(bar).join(''), style: slot as SlotColour },
    ]),
    [{ text: INDENT + axis(shiftMs, endOf(recording)), style: 'quiet' }],
  ];
}

/** The mark below its moment, as far as it fits beside the duration. */
function axis(shiftMs: number, endMs: number): string {
  const total = ` ${duration(endMs)}`;
  const space = LANE_COLUMNS - total.length;
  const column = Math.min(Math.floor((shiftMs / endMs) * LANE_COLUMNS), space - SHIFT.length);
  return (' '.repeat(column) + SHIFT).padEnd(space) + total;
}

function totalRow({ slots, failed }: PushRecording): Span[] {
  const served = sum(Object.values(slots).flat());
  return [
    { text: `${INDENT}${plural(served, 'response')}, `, style: 'plain' },
    { text: `${count(failed)} failed`, style: failed === 0 ? 'good' : 'bad' },
  ];
}

/** Responses per column of the picture. */
function inColumns(slices: number[]): number[] {
  const at = (column: number): number => Math.floor((column / LANE_COLUMNS) * slices.length);
  return Array.from({ length: LANE_COLUMNS }, (_, column) => sum(slices.slice(at(column), at(column + 1))));
}

function speedOf(recording: PushRecording): number {
  return Math.max(1, endOf(recording) / MAX_MS);
}

function endOf({ startsMs }: PushRecording): number {
  return startsMs.at(-1) ?? 0;
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
