/** Which of several files is the newest, where nothing but their times tells. */
import { statSync } from 'node:fs';

/** Newest first. A time in the future was written by a clock that was ahead, and counts as the oldest. */
export function newestFirst(files: string[], now = Date.now()): string[] {
  const changed = new Map(files.map((file) => [file, changedAt(file, now)]));
  return [...files].sort((a, b) => (changed.get(b) ?? 0) - (changed.get(a) ?? 0));
}

/** In milliseconds since 1970; 0 for a time in the future. */
export function changedAt(file: string, now = Date.now()): number {
  const at = statSync(file).mtimeMs;
  // a file that was written just now may be ahead by less than a tick
  return at > now + A_TICK_MS ? 0 : at;
}

const A_TICK_MS = 1000;
