/** The styles of a transcript's text, for the terminal and for pictures. Pure. */
import type { SlotColour } from '../svg/page';

export type Style =
  | 'plain'
  | 'quiet'
  | 'prompt'
  | 'typed'
  | 'comment'
  | 'remote'
  | 'good'
  | 'bad'
  | 'warning'
  | 'live'
  | 'dead'
  | 'heading'
  | SlotColour
  | `${SlotColour}-old`;

export interface Span {
  text: string;
  style: Style;
}

const RESET = '\x1b[0m';
const CODES: Record<Style, string> = {
  plain: '',
  quiet: '\x1b[2m',
  prompt: '\x1b[2m',
  typed: '\x1b[1m',
  comment: '\x1b[3;2m',
  remote: '\x1b[34m',
  good: '\x1b[32m',
  bad: '\x1b[31m',
  warning: '\x1b[33m',
  live: '\x1b[1;32m',
  dead: '\x1b[1;31m',
  heading: '\x1b[1m',
  blue: '\x1b[38;5;39m',
  'blue-old': '\x1b[38;5;25m',
  green: '\x1b[38;5;41m',
  'green-old': '\x1b[38;5;28m',
  amber: '\x1b[38;5;214m',
  'amber-old': '\x1b[38;5;136m',
  violet: '\x1b[38;5;141m',
  'violet-old': '\x1b[38;5;97m',
};

/** Splits a line of the transcript into its styles. */
export function highlight(line: string): Span[] {
  const remote = 'remote: ';
  return line.startsWith(remote)
    ? [span(remote, 'remote'), ...switchyardLine(line.slice(remote.length))]
    : localLine(line);
}

/** A line that does not come from the remote side of a push. */
function localLine(line: string): Span[] {
  if (line.startsWith('$ ')) return [span('$ ', 'prompt'), span(line.slice(2), 'typed')];
  if (line.startsWith('# ')) return [span(line, 'comment')];
  if (/^-\S/.test(line)) return [span(line, 'bad')];
  if (/^\+\S/.test(line)) return [span(line, 'good')];
  if (line.startsWith('> ')) return [span(line, 'quiet')];
  return switchyardLine(line);
}

function switchyardLine(line: string): Span[] {
  if (line === '') return [];
  if (/^✓ (LIVE|v\d)/.test(line)) return [span(line, 'live')];
  if (line.startsWith('✗ NOT LIVE')) return [span(line, 'dead')];
  if (line.startsWith('✓')) return [span('✓', 'good'), span(line.slice(1), 'plain')];
  if (line.startsWith('✗')) return [span('✗', 'bad'), span(line.slice(1), 'plain')];
  if (line.startsWith('! ')) return [span(line, 'warning')];
  return [span(line, /^ {2}\S/.test(line) ? 'quiet' : 'plain')];
}

/** With a terminal's colour codes. */
export function paint(spans: Span[]): string {
  return spans.map(({ text, style }) => (CODES[style] ? CODES[style] + text + RESET : text)).join('');
}

function span(text: string, style: Style): Span {
  return { text, style };
}
