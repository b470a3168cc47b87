/**
 * Before traffic is taken back to slots of which none takes a connection just now. A rolling release is taken back over
 * slots that have it too: one may have died a moment ago, and is mostly back in the next, while the others serve.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { inService } from '../core/traffic-split';
import type { Table } from '../core/traffic-table';
import { portInUse } from '../os/port-holder';
import type { DeployContext } from '../context';
import { machineMs } from '../os/machine-clock';

const LOOK_EVERY_MS = 20;
/** The longest that users stay where they are. */
const PATIENCE_MS = 3000;

/**
 * Returns when one of them takes connections, or in time; at once for a table that names none, and when nothing is
 * there that could come back by itself.
 */
export async function waitForListeners({ slots, runtime }: DeployContext, to: Table): Promise<void> {
  const named = slots.filter(({ name }) => inService(to).includes(name));
  const isTaken = (): boolean => named.length === 0 || named.some(({ port }) => portInUse(port));
  const comesBack = async (): Promise<boolean> => {
    // nobody can say, and traffic moves all the same
    const found = await runtime.list().catch(() => []);
    return found.some(({ slot, status }) => status !== 'stopped' && named.some(({ name }) => name === slot));
  };
  const deadline = machineMs() + PATIENCE_MS;
  while (!isTaken() && machineMs() < deadline && (await comesBack())) await sleep(LOOK_EVERY_MS);
}
