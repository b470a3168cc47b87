/** What a soak has shown: a line for each kill, and a table at the end. Pure. */
import type { Point } from './points';
import type { Outcome } from './story';

export interface Row {
  name: string;
  outcomes: Outcome[];
}

const HEAD = ['', 'deployments', 'kills', 'not well', 'worst until right', 'requests', 'failed'];

export function lineOf(name: string, point: Point, { kills, ms, asked, failed, problems }: Outcome): string {
  const mark = problems.length === 0 ? '✓' : '✗';
  const felt = ms === 0 ? 'nobody noticed' : `right again after ${ms} ms`;
  const how = kills === 0 ? 'it was over before' : felt;
  return [
    `${mark} ${name}: ${point.name}: ${how}, ${failed} of ${asked} requests failed`,
    ...problems.map((problem) => `    ${problem}`),
  ].join('\n');
}

export function tableOf(rows: Row[]): string[] {
  const cells = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const padded = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return cells.map((row) => row.map(padded).join('  '));
}

function cellsOf({ name, outcomes }: Row): string[] {
  const sum = (of: (outcome: Outcome) => number): string =>
    String(outcomes.reduce((total, outcome) => total + of(outcome), 0));
  return [
    name,
    String(outcomes.length),
    sum(({ kills }) => kills),
    sum(({ problems }) => (problems.length > 0 ? 1 : 0)),
    `${Math.max(0, ...outcomes.map(({ ms }) => ms))} ms`,
    sum(({ asked }) => asked),
    sum(({ failed }) => failed),
  ];
}
