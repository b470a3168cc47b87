/**
 * Waits for requests in flight before a slot stops: until the slot's port has no established connection. This does not
 * need the app's cooperation. nginx closes its idle connections after one second, sooner than an app would, so no
 * request reaches a closing connection.
 */
import type { Slot } from '../core/slot';
import { establishedConnections } from '../os/connections';
import { waitUntil } from '../os/wait-until';

const POLL_EVERY_MS = 50;
/** By then, idle connections are closed and most requests are answered. */
const LONG_AFTER_MS = 2000;

export interface DrainOptions {
  signal?: AbortSignal;
  /** Called once if the drain takes long, with the number of open connections. */
  onWait?: (open: number) => unknown;
}

/**
 * Returns the number of connections left: 0, or more if the time limit was reached.
 * @param limitSeconds the longest wait
 */
export async function drain(
  slot: Slot,
  limitSeconds: number,
  { signal, onWait }: DrainOptions = {},
): Promise<number> {
  let left = 0;
  const isDrained = (): boolean => (left = establishedConnections(slot.port)) === 0;
  const wait = (withinMs: number): Promise<unknown> =>
    waitUntil(isDrained, { everyMs: POLL_EVERY_MS, withinMs, signal });
  const limitMs = limitSeconds * 1000;
  await wait(Math.min(limitMs, LONG_AFTER_MS));
  if (left === 0 || limitMs <= LONG_AFTER_MS) return left;
  onWait?.(left);
  await wait(limitMs - LONG_AFTER_MS);
  return left;
}
