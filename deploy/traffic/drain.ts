/**
 * Waits for requests in flight before a slot stops: until the slot's port has no established connection, without the
 * app's cooperation. nginx closes its idle connections after one second, sooner than an app would, so no request
 * meets a closing connection.
 */
import type { Slot } from '../core/slot';
import { establishedConnections } from '../os/connections';
import { waitUntil } from '../os/wait-until';

const POLL_EVERY_MS = 50;

/**
 * Returns the number of connections left: 0, or more if the time limit was reached.
 * @param limitSeconds the longest wait
 */
export async function drain(slot: Slot, limitSeconds: number, signal?: AbortSignal): Promise<number> {
  let left = 0;
  const isDrained = (): boolean => (left = establishedConnections(slot.port)) === 0;
  await waitUntil(isDrained, { everyMs: POLL_EVERY_MS, withinMs: limitSeconds * 1000, signal });
  return left;
}
