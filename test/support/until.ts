/** Waits for conditions, never for a time. */
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 5;

/** Waits for a condition and returns its value. @param what named when it does not come to that within `limitMs`, as it is then */
export async function until<T>(
  what: string | (() => string),
  condition: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  limitMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) {
      throw new Error(`waited ${limitMs} ms for nothing: ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}
