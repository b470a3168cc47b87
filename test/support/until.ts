/** Waits for conditions, never for a time. */
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_EVERY_MS = 5;
/** A look that takes long is taken less often: what is waited for wants the processor too. */
const PAUSE_PER_POLL = 3;
const LONGEST_PAUSE_MS = 50;

/**
 * Waits for a condition and returns its value. Where it does not come to that within `limitMs`, the first line of the
 * failure names what was waited for, and what was seen last.
 * @param what a function tells, besides, how things stand when the time is over
 */
export async function until<T>(
  what: string | (() => string),
  condition: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  limitMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const looked = Date.now();
    const value = await condition();
    if (value) return value;
    const now = Date.now();
    if (now > deadline) {
      const named = typeof what === 'string' ? what : what();
      throw new Error(
        `waited ${limitMs} ms for ${named}; last seen: ${String(value)}, of\n${String(condition)}`,
      );
    }
    await sleep(Math.min(Math.max(POLL_EVERY_MS, PAUSE_PER_POLL * (now - looked)), LONGEST_PAUSE_MS));
  }
}
