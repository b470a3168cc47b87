/** Finds, in what a process wrote last, the line that tells a person why it failed. */

const NOISE =
  /^\s*(at\s|>\s|\^|node:internal|Node\.js v|npm (error|ERR!)\s*$|npm (error|ERR!) A complete log|npm notice|Emitted 'error' event|Found \d+ errors?\b|$)/;
/** An exception's own first line, a compiler's complaint, a failed test's name. */
const NAMES_THE_CAUSE = /^\s*(Uncaught\s+)?\w*(Error|Exception)\b.*:|\berror TS\d+|^\s*(●|✕|✖|not ok\b)/;
const TELLING = /(error|exception|cannot|refused|not found|failed|unexpected|denied)/i;
const CONTROLS =
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(\u0007|\u001b\\)?|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
const LONGEST = 200;

/** The line that Switchyard writes into a slot's log before each start. */
const START = /^--- \S+ [0-9a-f]{7} starts on port \d+$/;

/** The most telling of these lines, shortened to one; empty when there is none. What an earlier release said is left out. */
export function failureLine(lines: string[]): string {
  const own = lines.slice(lines.findLastIndex((line) => START.test(line)) + 1);
  const clean = own.map(withoutControls).filter((line) => !NOISE.test(line));
  const line =
    clean.findLast((candidate) => NAMES_THE_CAUSE.test(candidate)) ??
    clean.findLast((candidate) => TELLING.test(candidate)) ??
    clean.at(-1) ??
    '';
  const text = line.trim();
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** Colours go, and whatever else an app writes that would steer a person's terminal. */
function withoutControls(line: string): string {
  return line.replace(CONTROLS, '');
}
