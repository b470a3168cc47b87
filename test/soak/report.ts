/** Reports a soak: a line for each kill, and a Markdown table at the end. Pure. */
import type { Point } from './points';
import type { Outcome } from './kill-outcome';

export interface Row {
  name: string;
  /** From the clone's creation to its removal. */
  ms: number;
  outcomes: Outcome[];
}

const HEAD = ['', 'kills', 'violations', 'worst time until right', 'requests', 'failed', 'took'];

export function lineOf(
  name: string,
  point: Point,
  { kills, ms, requests, failed, problems }: Outcome,
): string {
  const mark = problems.length === 0 ? '✓' : '✗';
  const effect = ms === 0 ? 'no wrong answer' : `right again after ${ms} ms`;
  const how = kills === 0 ? 'it was over before' : effect;
  return [
    `${mark} ${name}: ${point.name}: ${how}, ${failed} of ${requests} requests failed`,
    ...problems.map((problem) => `    ${problem}`),
  ].join('\n');
}

/** The last row is the total. @param ms the duration of the whole run, in which parts ran in parallel */
export function tableOf(rows: Row[], ms: number): string[] {
  const all = { name: 'all', ms, outcomes: rows.flatMap(({ outcomes }) => outcomes) };
  const cells = [HEAD, ...[...rows, all].map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const padded = (cell: string, column: number): string => cell.padEnd(widths[column] ?? 0);
  const [head = [], ...body] = cells.map((row) => row.map(padded));
  return [head, widths.map((width) => '-'.repeat(width)), ...body].map((row) => `| ${row.join(' | ')} |`);
}

function cellsOf({ name, ms, outcomes }: Row): string[] {
  const sum = (of: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  return [
    name,
    String(sum(({ kills }) => kills)),
    String(sum(({ problems }) => (problems.length > 0 ? 1 : 0))),
    `${(Math.max(0, ...outcomes.map((outcome) => outcome.ms)) / 1000).toFixed(1)} s`,
    sum(({ requests }) => requests).toLocaleString('en'),
    sum(({ failed }) => failed).toLocaleString('en'),
    `${Math.floor(ms / 60_000)}:${String(Math.floor((ms / 1000) % 60)).padStart(2, '0')}`,
  ];
}
