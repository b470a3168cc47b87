/** What dead deployments have left: a deployment that nobody ends, processes that nobody looks after, half-made releases. */
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
  const locked = existsSync(home.lock) && isLocked(home);
  if (atWork && !locked) {
    const message = `Deployment ${atWork.id} has died, and nobody has taken it back.`;
    return [fault(message, 'npm start')];
  }
  if (locked) throw new NotChecked(atWork ? `deployment ${atWork.id} is at work` : 'a deployment is at work');
  const complaints = [
    ...judgeOrphans(await context.running(), tableOf(context)),
    ...judgeMarkedProcesses(markedProcesses(home)),
    ...judgeHalfMade(strayNames(home)),
  ];
  return orOk(complaints, 'none');
}

/** An orphan in the table is missed by whoever looks at the slots that serve, or at the standby. */
export function judgeOrphans(running: RunningSlot[], table: Table | null): Judgement[] {
  const named = table === null ? [] : [...servingSlots(table), table.active, table.standby];
  const strays = running.filter(({ orphan, slot }) => orphan && !named.includes(slot));
  return strays.map(({ slot, pid }) =>
    fault(`A process of ${slot} (pid ${pid}) that nobody looks after runs on.`, `kill ${pid}`),
  );
}

/** @param pids of processes that a deployment's commands have started, while none is at work */
export function judgeMarkedProcesses(pids: number[]): Judgement[] {
  if (pids.length === 0) return [];
  const message = `${plural(pids.length, 'process')} that a deployment has started outlived it: pid ${pids.join(', ')}.`;
  return [fault(message.replace('processs', 'processes'), `kill ${pids.join(' ')}`)];
}

/** Pruning removes them under the lock, where none can be in the making. */
export function judgeHalfMade(names: string[]): Judgement[] {
  if (names.length === 0) return [];
  const [are, them] = names.length === 1 ? ['is', 'it'] : ['are', 'them'];
  const message = `${names.join(', ')} in releases/ ${are} half made; the end of the next deployment removes ${them}.`;
  return [warning(message)];
}

/** Null where there is none: that is told elsewhere. */
function tableOf(context: DoctorContext): Table | null {
  try {
    return context.table();
  } catch {
    return null;
  }
}
