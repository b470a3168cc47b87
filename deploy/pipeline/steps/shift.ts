/** The step `shift`: puts another traffic table in force. */
import { tableInWords } from '../../core/traffic-table';
import type { SlotName } from '../../core/slot';
import type { Table } from '../../core/traffic-table';
import type { DeployContext } from '../../context';
import { probeUntilPageGone, installMaintenancePage } from './maintenance-page';
import { probeSlot } from '../../health/slot-health';
import type { Outcome } from './step-context';

/**
 * A standby enters the table only if it answers: nginx must never fall back to a dead or unverified slot. If the
 * runtime cannot list its processes, the standby counts as dead and traffic moves anyway.
 */
export async function shift(context: DeployContext, { to }: { to: Table }): Promise<Outcome> {
  const standby =
    to.standby !== null && (await answers(context, to.standby).catch(() => false)) ? to.standby : null;
  if (to.maintenance) installMaintenancePage(context);
  await context.traffic.shift({ ...to, standby });
  if (to.maintenance) void probeUntilPageGone(context).catch(() => undefined);
  return { detail: tableInWords({ ...to, standby }) };
}

async function answers(context: DeployContext, name: SlotName): Promise<boolean> {
  const running = (await context.runtime.list(name)).find(({ slot }) => slot === name);
  return running?.pid ? (await probeSlot(context, running)).works : false;
}
