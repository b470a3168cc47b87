/** Formats findings as lines for a terminal. Pure. */
import { printable } from '../core/format';
import { words } from '../reporters/words';
import type { Finding, Status } from './finding';

const MARKS: Record<Status, string> = { ok: '✓', warning: '!', fault: '✗', skipped: '-' };

/** One line per finding, its fix below it, and a summary as the last line. */
export function reportLines(findings: Finding[]): string[] {
  const width = Math.max(...findings.map(({ link }) => link.length));
  // checks that were skipped after another check's fault share one line
  const waiting = findings.filter(isWaiting).map(({ link }) => link);
  const shown = findings.filter((finding) => !isWaiting(finding));
  const lines = shown.flatMap(({ link, status, message, fix }) => {
    const line = `${MARKS[status]} ${link.padEnd(width)}  ${printable(message)}`;
    return fix === null ? [line] : [line, `  ${' '.repeat(width)}  → ${printable(fix)}`];
  });
  const rest = waiting.length > 0 ? [`${MARKS.skipped} ${words().notChecked(waiting.join(', '))}`] : [];
  return [...lines, ...rest, summary(findings)];
}

function isWaiting({ status, message }: Finding): boolean {
  return status === 'skipped' && message.includes(': see ');
}

/** `✓ every check passed`, `✗ 2 faults, 1 warning`. */
function summary(findings: Finding[]): string {
  const count = (wanted: Status): number => findings.filter(({ status }) => status === wanted).length;
  const summary = words().findings(count('fault'), count('warning'));
  if (count('fault') > 0) return `✗ ${summary}`;
  return `✓ ${words().everyCheckPassed}${summary === '' ? '' : ` (${summary})`}`;
}
