/** The step `shift`: puts another traffic table in force. */
import { tableShutOut } from '../../core/substitute';
import { inService } from '../../core/traffic-split';
import { tableInWords } from '../../core/traffic-table';
import type { SlotName } from '../../core/slot';
import type { Table } from '../../core/traffic-table';
import type { DeployContext } from '../../context';
import { probeUntilPageGone, installMaintenancePage } from './maintenance-page';
import { stolenPort } from '../../health/port-thief';
import { probeSlot } from '../../health/slot-health';
import type { Outcome, StepContext } from './step-context';

/**
 * A standby enters the table only if it responds: nginx must never fall back to a dead or unverified slot. If the
 * runtime cannot list its processes, the standby counts as dead and traffic moves anyway. Throws E_STRANGER_ON_PORT.
 */
export async function shift(
  context: DeployContext,
  { to: planned }: { to: Table },
  how: StepContext,
): Promise<Outcome> {
  const safe = await withoutStolenPorts(context, planned, how);
  const isReady = safe.standby !== null && (await answers(context, safe.standby).catch(() => false));
  const to = { ...safe, standby: isReady ? safe.standby : null };
  if (planned.maintenance) installMaintenancePage(context);
  await context.traffic.shift(to);
  if (planned.maintenance) void probeUntilPageGone(context).catch(() => undefined);
  return { detail: tableInWords(to) };
}

/** Another process may have taken a port since verify. An undo must not fail, so it leaves that slot out. */
async function withoutStolenPorts(context: DeployContext, to: Table, how: StepContext): Promise<Table> {
  let left = to;
  for (const slot of inService(to)) {
    const stolen = await stolenPort(context, slot);
    if (stolen === null) continue;
    if (how.signal) throw stolen;
    left = tableShutOut(left, slot, []);
    await context.journal.record(how.deploymentId, { type: 'warning', message: stolen.message });
  }
  return left;
}

async function answers(context: DeployContext, name: SlotName): Promise<boolean> {
  const running = (await context.runtime.list(name)).find(({ slot }) => slot === name);
  if (!running?.pid || (await stolenPort(context, name)) !== null) return false;
  return (await probeSlot(context, running)).works;
}
