/** Waits for a condition, never for a fixed time. */
import { waitUntil } from '../../deploy/os/wait-until';

const POLL_EVERY_MS = 5;
/** Slow conditions are polled less often, because the awaited work needs the processor too. */
const PAUSE_PER_POLL = 3;
const LONGEST_PAUSE_MS = 50;

/**
 * Waits for a condition and returns its value. After `limitMs` it throws; the first line names the awaited condition
 * and its last value.
 * @param what the name of the condition; a function can add the state at the timeout
 */
export async function until<T>(
  what: string | (() => string),
  condition: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  limitMs = 60_000,
): Promise<T> {
  const value = await waitUntil(condition, { everyMs: pauseAfter, withinMs: limitMs });
  if (value) return value;
  const named = typeof what === 'string' ? what : what();
  throw new Error(`waited ${limitMs} ms for ${named}; last seen: ${String(value)}, of\n${String(condition)}`);
}

function pauseAfter(pollMs: number): number {
  return Math.min(Math.max(POLL_EVERY_MS, PAUSE_PER_POLL * pollMs), LONGEST_PAUSE_MS);
}
