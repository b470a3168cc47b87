/**
 * Waits before an undo returns traffic to slots that accept no connections right now. In a rolling undo such a slot may
 * have crashed a moment ago and usually returns soon, while the other slots still serve users.
 */
import { inService } from '../core/traffic-split';
import type { Table } from '../core/traffic-table';
import { portInUse } from '../os/port-holder';
import type { DeployContext } from '../context';
import { waitUntil } from '../os/wait-until';

const POLL_EVERY_MS = 20;
/** The longest time, in milliseconds, that users stay on their current slots. */
const LONGEST_WAIT_MS = 3000;

/**
 * Returns when one of these slots accepts connections, or after the time limit. Returns immediately for a table that
 * names no slot, and if no process is left that could come back by itself.
 */
export async function waitForListeners({ slots, runtime }: DeployContext, to: Table): Promise<void> {
  const named = slots.filter(({ name }) => inService(to).includes(name));
  const isTaken = (): boolean => named.length === 0 || named.some(({ port }) => portInUse(port));
  const comesBack = async (): Promise<boolean> => {
    // if the runtime does not respond, traffic moves anyway
    const found = await runtime.list().catch(() => []);
    return found.some(({ slot, status }) => status !== 'stopped' && named.some(({ name }) => name === slot));
  };
  const wait = { everyMs: POLL_EVERY_MS, withinMs: LONGEST_WAIT_MS };
  await waitUntil(async () => isTaken() || !(await comesBack()), wait);
}
