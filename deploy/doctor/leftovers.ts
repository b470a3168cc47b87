/** Checks for remains of dead deployments: an unfinished deployment, unsupervised processes, incomplete releases. */
import { existsSync } from 'node:fs';
import { plural } from '../core/format';
import { servingSlots } from '../core/traffic-table';
import type { RunningSlot } from '../core/slot';
import type { Table } from '../core/traffic-table';
import { isLocked } from '../journal/deployment-lock';
import { strayNames } from '../release/releases';
import { markedProcesses } from '../os/marked-processes';
import type { Judgement } from './finding';
import { fault, NotChecked, orOk, warning } from './finding';
import type { DoctorContext } from './context';

export async function checkLeftovers(context: DoctorContext): Promise<Judgement[]> {
  const home = context.home();
  const atWork = context.atWork();
  if (atWork && !context.wasLocked()) {
    const message = `Deployment ${atWork.id} died and was not undone.`;
    return [fault(message, 'npm start')];
  }
  if (existsSync(home.lock) && isLocked(home))
    throw new NotChecked(atWork ? `deployment ${atWork.id} is running` : 'a deployment is running');
  const complaints = [
    ...judgeOrphans(await context.running(), tableOf(context)),
    ...judgeMarkedProcesses(markedProcesses(home)),
    ...judgeHalfMade(strayNames(home)),
  ];
  return orOk(complaints, 'none');
}

/** The checks `active slot` and `standby` report orphans in slots that the table names. */
export function judgeOrphans(running: RunningSlot[], table: Table | null): Judgement[] {
  const named = table === null ? [] : [...servingSlots(table), table.active, table.standby];
  const strays = running.filter(({ orphan, slot }) => orphan && !named.includes(slot));
  return strays.map(({ slot, pid }) =>
    fault(`An unmanaged process of ${slot} (pid ${pid}) is still running.`, `kill ${pid}`),
  );
}

/** @param pids processes that a deployment's commands started, found while no deployment is running */
export function judgeMarkedProcesses(pids: number[]): Judgement[] {
  if (pids.length === 0) return [];
  const message = `${plural(pids.length, 'process')} that a deployment started outlived it: pid ${pids.join(', ')}.`;
  return [fault(message.replace('processs', 'processes'), `kill ${pids.join(' ')}`)];
}

/** Only a warning: pruning removes them under the lock, when no release is being built. */
export function judgeHalfMade(names: string[]): Judgement[] {
  if (names.length === 0) return [];
  const [are, them] = names.length === 1 ? ['is', 'it'] : ['are', 'them'];
  const message = `${names.join(', ')} in releases/ ${are} incomplete; the next deployment removes ${them}.`;
  return [warning(message)];
}

/** Null if it is unreadable, which the check `traffic table` reports. */
function tableOf(context: DoctorContext): Table | null {
  try {
    return context.table();
  } catch {
    return null;
  }
}
