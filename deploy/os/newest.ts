/** Sorts files by modification time. */
import { statSync } from 'node:fs';

/** Newest first. A timestamp in the future, from a clock that was ahead, counts as the oldest. */
export function newestFirst(files: string[], now = Date.now()): string[] {
  const changed = new Map(files.map((file) => [file, changedAt(file, now)]));
  return [...files].sort((a, b) => (changed.get(b) ?? 0) - (changed.get(a) ?? 0));
}

/** Milliseconds since 1970; 0 for a time in the future. */
export function changedAt(file: string, now = Date.now()): number {
  const at = statSync(file).mtimeMs;
  // a file that was just written may be ahead by less than a clock tick
  return at > now + A_TICK_MS ? 0 : at;
}

const A_TICK_MS = 1000;
