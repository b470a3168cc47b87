/**
 * Waits for requests in flight before a slot stops: until the slot's port has no established connection, without the
 * app's cooperation. nginx closes its idle connections after one second, sooner than an app would, so no request
 * meets a closing connection.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Slot } from '../core/slot';
import { establishedConnections } from '../os/connections';
import { machineMs } from '../os/machine-clock';

const LOOK_EVERY_MS = 50;

/**
 * Returns the number of connections left: 0, or more if the time limit was reached.
 * @param limitSeconds the longest wait
 */
export async function drain(slot: Slot, limitSeconds: number, signal?: AbortSignal): Promise<number> {
  const deadline = machineMs() + limitSeconds * 1000;
  for (;;) {
    const left = establishedConnections(slot.port);
    if (left === 0 || machineMs() >= deadline) return left;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
