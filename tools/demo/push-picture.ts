/** Draws the first push of a transcript as an animation: each line appears when it appeared in the push. Pure. */
import { highlight } from '../lib/styles';
import { terminalPicture } from '../svg/terminal';

const TITLE = 'git push live main';
const COMMAND = `$ ${TITLE}`;
const UNIT_MS = { ms: 1, s: 1000 };
/** A step's line appears when the step has taken this long: `remote: ✓ test  4.3 s`. */
const STEP = /^remote: ✓ [a-z ]+?\s+([\d.]+) (ms|s)(?:\s|$)/;
/** Before the first line appears. */
const TYPING_MS = 800;

export function pushPicture(transcript: string[]): string {
  const lines = firstPush(transcript);
  return terminalPicture(lines.map(highlight), TITLE, { startsMs: startsOf(lines) });
}

function firstPush(transcript: string[]): string[] {
  const first = transcript.indexOf(COMMAND);
  const next = transcript.findIndex((line, index) => index > first && line.startsWith('$ '));
  return transcript.slice(first, next);
}

function startsOf(lines: string[]): number[] {
  let now = TYPING_MS;
  return lines.map((line, index) => {
    if (index === 0) return 0;
    const [, amount, unit] = STEP.exec(line) ?? [];
    if (amount) now += Number(amount) * UNIT_MS[unit as 'ms' | 's'];
    return Math.round(now);
  });
}
