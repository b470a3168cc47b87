/** Waits for a condition by polling it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { machineMs } from './machine-clock';

export interface Wait {
  /** Milliseconds between two polls; a function gets how long the last poll took. */
  everyMs: number | ((tookMs: number) => number);
  /** The time limit, by the machine's clock. Default: none. */
  withinMs?: number;
  /** Rejects the wait. */
  signal?: AbortSignal | undefined;
}

/** Returns the condition's first truthy value, or its last falsy one if the time limit passes. Polls at least once. */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  { everyMs, withinMs = Infinity, signal }: Wait,
): Promise<T> {
  const deadline = machineMs() + withinMs;
  for (;;) {
    const begin = machineMs();
    const value = await condition();
    const now = machineMs();
    if (value || now >= deadline) return value;
    const pause = typeof everyMs === 'number' ? everyMs : everyMs(now - begin);
    await sleep(pause, undefined, { signal });
  }
}
