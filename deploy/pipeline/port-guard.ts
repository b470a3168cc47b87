/**
 * Watches the ports of the slots in service while a deployment owns the traffic table, because the deployer's watch
 * leaves the table alone then. If a port is taken, the deployment would only delay the fix, so it ends, and the watch
 * restores the release.
 */
import { tableShutOut } from '../core/substitute';
import type { KnownError } from '../core/errors';
import type { SlotName } from '../core/slot';
import { inService } from '../core/traffic-split';
import type { Table } from '../core/traffic-table';
import type { DeployContext } from '../context';
import { provenSubstitutes } from '../deployer/slot-restart';
import { reportIncident } from '../deployer/watched-service';
import { createPortWatch, strangerOn, takenPort } from '../health/port-thief';

const LOOK_EVERY_MS = 500;

/** Starts watching; it stops when this process exits. @param cancel ends the deployment with this failure */
export function guardPorts(context: DeployContext, cancel: (why: KnownError) => void): void {
  const portThief = createPortWatch(context);

  const look = async (): Promise<void> => {
    const table = await context.traffic.current();
    const slots = new Set([...inService(table), ...(table.standby === null ? [] : [table.standby])]);
    for (const slot of slots) {
      const thief = await portThief(slot);
      if (thief !== null) await shutOut(slot, thief);
    }
  };

  const shutOut = async (slot: SlotName, thief: string): Promise<void> => {
    const proven = await provenSubstitutes(context, slot);
    // read again, because the deployment may have changed it; from here on nothing waits before the shift
    const table = await context.traffic.current();
    const isServing = inService(table).includes(slot);
    if (!isServing && table.standby !== slot) return;
    const to = isServing ? tableShutOut(table, slot, proven) : { ...table, standby: null };
    await context.traffic.shift(to);
    const meanwhile = isServing ? whoServes(to) : `${table.active} has no standby in the meantime`;
    await reportIncident(context, 'port-taken', `${takenPort(context, slot, thief)}; ${meanwhile}`, slot);
    if (isServing) cancel(strangerOn(context, slot, thief));
  };

  const again = (): void => {
    setTimeout(
      () =>
        void look()
          .catch(() => undefined)
          .finally(again),
      LOOK_EVERY_MS,
    ).unref();
  };
  again();
}

function whoServes(table: Table): string {
  if (table.maintenance) return 'users get the maintenance page';
  return `${inService(table).join(', ')} serves its users in the meantime`;
}
