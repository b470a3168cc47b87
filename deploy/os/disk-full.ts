/** Recognizes a full disk from a command's output. */

const DISK = /\b(ENOSPC|EDQUOT)\b|no space left on device/i;

export function isDiskFull(lines: string[]): boolean {
  return lines.some((line) => DISK.test(line));
}
