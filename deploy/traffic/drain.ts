/**
 * Lets requests in flight end before a slot is stopped. It asks nothing of the app: it waits until no
 * established connection to the slot's port is left. nginx closes its idle ones after a second,
 * sooner than an app would, so no request can meet a closing connection.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Slot } from '../core/slot';
import { establishedConnections } from '../os/connections';
import { machineMs } from '../os/machine-clock';

const LOOK_EVERY_MS = 50;

/** Returns the connections that are left: 0, or more when the limit came first. @param limitSeconds how long at most */
export async function drain(slot: Slot, limitSeconds: number, signal?: AbortSignal): Promise<number> {
  const deadline = machineMs() + limitSeconds * 1000;
  for (;;) {
    const left = establishedConnections(slot.port);
    if (left === 0 || machineMs() >= deadline) return left;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
