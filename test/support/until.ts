/** Waits for conditions, never for a time. */
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 5;
/** A look that takes long is taken less often: what is waited for wants the processor too. */
const PAUSE_PER_LOOK = 3;
const LONGEST_PAUSE_MS = 50;

/** Waits for a condition and returns its value. @param what named when it does not come to that within `limitMs`, as it is then */
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
      throw new Error(`waited ${limitMs} ms for nothing: ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(Math.min(Math.max(LOOK_EVERY_MS, PAUSE_PER_LOOK * (now - looked)), LONGEST_PAUSE_MS));
  }
}
