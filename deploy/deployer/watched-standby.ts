/**
 * Watches the port of the standby, which gets the users the instant the active slot fails. While another process has
 * the port, the table names no standby. The runtime restarts the process until it has its port again.
 */
import type { RunningSlot, SlotName } from '../core/slot';
import { inService } from '../core/traffic-split';
import type { DeployContext } from '../context';
import type { PortWatch } from '../health/port-thief';
import { takenPort } from '../health/port-thief';
import { isProven, withTable } from './slot-restart';
import { isBusy, reportIncident } from './watched-service';

/** A standby that was removed from the table, and the active slot that it backed up. */
interface Displaced extends Pick<RunningSlot, 'slot' | 'instance'> {
  active: SlotName;
}

/** Returns a function to call repeatedly. */
export function createStandbyWatch(context: DeployContext, portThief: PortWatch): () => Promise<void> {
  let displaced: Displaced | null = null;

  const running = async (slot: SlotName): Promise<RunningSlot | undefined> =>
    (await context.runtime.list(slot)).find((each) => each.slot === slot);

  const displace = async (slot: SlotName, active: SlotName): Promise<void> => {
    const thief = await portThief(slot);
    if (thief === null) return;
    const instance = (await running(slot))?.instance;
    if (!(await withTable(context, (now) => (now.standby === slot ? { ...now, standby: null } : null))))
      return;
    displaced = instance === undefined ? null : { slot, instance, active };
    const what = takenPort(context, slot, thief);
    await reportIncident(context, 'port-taken', `${what}; ${active} has no standby in the meantime`, slot);
  };

  const putBack = async ({ slot, instance, active }: Displaced): Promise<void> => {
    if ((await running(slot))?.instance !== instance || !(await isProven(context, slot))) return;
    const isBack = await withTable(context, (now) =>
      now.active === active && now.standby === null && !now.maintenance ? { ...now, standby: slot } : null,
    );
    if (!isBack) return;
    displaced = null;
    await reportIncident(context, 'returned', `${slot} is the standby again`, slot);
  };

  return async () => {
    if (isBusy(context)) return;
    const table = await context.traffic.current();
    const { active, standby } = table;
    if (active === null || table.maintenance) return;
    if (standby !== null && !inService(table).includes(standby)) await displace(standby, active);
    else if (displaced?.active === active) await putBack(displaced);
  };
}
