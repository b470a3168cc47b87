/** Finds the line in a process's last output that explains its failure. */
import { terminalText } from './terminal-text';

const NOISE =
  /^\s*(at\s|>\s|\^|node:internal|Node\.js v|npm (error|ERR!)\s*$|npm (error|ERR!) A complete log|npm notice|Emitted 'error' event|Found \d+ errors?\b|$)/;
/** The first line of an exception, a compiler error or the name of a failed test. */
const NAMES_THE_CAUSE =
  /^FATAL ERROR: |^\s*(Uncaught\s+)?\w*(Error|Exception)\b.*:|\berror TS\d+|^\s*(●|✕|✖|not ok\b)/;
const TELLING = /(error|exception|cannot|refused|not found|failed|unexpected|denied)/i;
const LONGEST = 200;

/** Switchyard's own line in a slot's log before each start. It may follow a partial line of an app that was killed. */
const START = /--- \S+ [0-9a-f]{7} starts on port \d+$/;

export function isStartLine(line: string): boolean {
  return START.test(line);
}

/**
 * The most informative of these lines, shortened; empty if there is none. Ignores output from before the last start.
 */
export function failureLine(lines: string[]): string {
  const own = lines.slice(lines.findLastIndex(isStartLine) + 1);
  const clean = own.map(terminalText).filter((line) => !NOISE.test(line));
  const line =
    clean.findLast((candidate) => NAMES_THE_CAUSE.test(candidate)) ??
    clean.findLast((candidate) => TELLING.test(candidate)) ??
    clean.at(-1) ??
    '';
  const text = line.trim();
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
