/** The step `shift`: puts another traffic table in force. */
import { tableInWords } from '../../core/table';
import type { SlotName, Table } from '../../core/types';
import type { Yard } from '../../yard';
import { askWhileDown, putPage } from '../maintenance';
import { askSlot } from '../slot-health';
import type { Outcome } from './step-context';

/**
 * A standby enters the table only while it answers: a crash must never fall onto a dead or unproven slot. When the
 * runtime cannot say what runs, the standby counts as dead, and traffic moves all the same.
 */
export async function shift(yard: Yard, { to }: { to: Table }): Promise<Outcome> {
  const standby =
    to.standby !== null && (await answers(yard, to.standby).catch(() => false)) ? to.standby : null;
  if (to.maintenance) putPage(yard);
  await yard.traffic.shift({ ...to, standby });
  if (to.maintenance) void askWhileDown(yard).catch(() => undefined);
  return { detail: tableInWords({ ...to, standby }) };
}

async function answers(yard: Yard, name: SlotName): Promise<boolean> {
  const running = (await yard.runtime.list(name)).find(({ slot }) => slot === name);
  return running?.pid ? (await askSlot(yard, running)).works : false;
}
