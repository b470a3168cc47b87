/** What dead deployments have left: a deployment that nobody ends, processes that nobody looks after, half-made releases. */
import { existsSync } from 'node:fs';
import { plural } from '../core/format';
import { servingSlots } from '../core/table';
import type { RunningSlot, Table } from '../core/types';
import { isLocked } from '../lock';
import { strayNames } from '../pipeline/releases';
import { markedProcesses } from '../pipeline/survivors';
import type { Judgement } from './finding';
import { fault, NotLookedAt, orOk, warning } from './finding';
import type { Patient } from './patient';

export async function checkLeftovers(patient: Patient): Promise<Judgement[]> {
  const home = patient.home();
  const atWork = patient.atWork();
  const locked = existsSync(home.lock) && isLocked(home);
  if (atWork && !locked) {
    const said = `Deployment ${atWork.id} has died, and nobody has taken it back.`;
    return [fault(said, 'npm start')];
  }
  if (locked)
    throw new NotLookedAt(atWork ? `deployment ${atWork.id} is at work` : 'a deployment is at work');
  const complaints = [
    ...judgeOrphans(await patient.running(), tableOf(patient)),
    ...judgeSurvivors(markedProcesses(home)),
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
export function judgeSurvivors(pids: number[]): Judgement[] {
  if (pids.length === 0) return [];
  const said = `${plural(pids.length, 'process')} that a deployment has started outlived it: pid ${pids.join(', ')}.`;
  return [fault(said.replace('processs', 'processes'), `kill ${pids.join(' ')}`)];
}

/** Pruning removes them under the lock, where none can be in the making. */
export function judgeHalfMade(names: string[]): Judgement[] {
  if (names.length === 0) return [];
  const [are, them] = names.length === 1 ? ['is', 'it'] : ['are', 'them'];
  const said = `${names.join(', ')} in releases/ ${are} half made; the end of the next deployment removes ${them}.`;
  return [warning(said)];
}

/** Null where there is none: that is told elsewhere. */
function tableOf(patient: Patient): Table | null {
  try {
    return patient.table();
  } catch {
    return null;
  }
}
