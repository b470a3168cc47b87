/** Finds, in what a process wrote last, the line that tells a person why it failed. */

const NOISE = /^\s*(at\s|\^|node:internal|Node\.js v|npm (error|ERR!)\s*$|$)/;
const TELLING = /(error|exception|cannot|refused|not found|failed|✕|●|unexpected|denied)/i;
const LONGEST = 200;

/** The most telling of these lines, shortened to one; empty when there is none. */
export function tellingLine(lines: string[]): string {
  const clean = lines.map(withoutColours).filter((line) => !NOISE.test(line));
  const line = clean.findLast((candidate) => TELLING.test(candidate)) ?? clean.at(-1) ?? '';
  const text = line.trim();
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

function withoutColours(line: string): string {
  return line.replace(/\u001b\[[0-9;]*m/g, '');
}
