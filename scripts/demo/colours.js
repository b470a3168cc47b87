// @ts-check
/**
 * Pure: which part of a line of the transcript is what, for the terminal and for the picture alike.
 *
 * @typedef {'blue' | 'green' | 'amber' | 'violet'} Slot
 * @typedef {'plain' | 'quiet' | 'prompt' | 'typed' | 'comment' | 'remote' | 'good' | 'bad' | 'warning' | 'live' | 'dead' | 'heading' | Slot | `${Slot}-old`} Style
 * @typedef {{ text: string, style: Style }} Span
 */
'use strict';

const RESET = '\x1b[0m';
/** @type {Record<Style, string>} */
const CODES = {
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

/** @param {string} line @returns {Span[]} */
function styled(line) {
  const remote = 'remote: ';
  return line.startsWith(remote) ? [span(remote, 'remote'), ...told(line.slice(remote.length))] : typed(line);
}

/** What stands in the person's own terminal. @param {string} line @returns {Span[]} */
function typed(line) {
  if (line.startsWith('$ ')) return [span('$ ', 'prompt'), span(line.slice(2), 'typed')];
  if (line.startsWith('# ')) return [span(line, 'comment')];
  if (/^-\S/.test(line)) return [span(line, 'bad')];
  if (/^\+\S/.test(line)) return [span(line, 'good')];
  if (line.startsWith('> ')) return [span(line, 'quiet')];
  return told(line);
}

/** What Switchyard tells. @param {string} line @returns {Span[]} */
function told(line) {
  if (line === '') return [];
  if (/^✓ (LIVE|v\d)/.test(line)) return [span(line, 'live')];
  if (line.startsWith('✗ NOT LIVE')) return [span(line, 'dead')];
  if (line.startsWith('✓')) return [span('✓', 'good'), span(line.slice(1), 'plain')];
  if (line.startsWith('✗')) return [span('✗', 'bad'), span(line.slice(1), 'plain')];
  if (line.startsWith('! ')) return [span(line, 'warning')];
  return [span(line, /^ {2}\S/.test(line) ? 'quiet' : 'plain')];
}

/** For a terminal. @param {Span[]} spans */
function paint(spans) {
  return spans.map(({ text, style }) => (CODES[style] ? CODES[style] + text + RESET : text)).join('');
}

/** @param {string} text @param {Style} style @returns {Span} */
function span(text, style) {
  return { text, style };
}

module.exports = { paint, styled };
