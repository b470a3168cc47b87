/** What dead deployments have left: a deployment that nobody ends, processes that nobody looks after, half-made releases. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { plural } from '../core/format';
import { servingSlots } from '../core/table';
import type { RunningSlot, Table } from '../core/types';
import { isLocked } from '../lock';
import { strayNames } from '../pipeline/releases';
import { markedProcesses } from '../pipeline/survivors';
import type { Judgement } from './finding';
import { fault, NotLookedAt, orOk, warning, word } from './finding';
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
    ...judgeHalfMade(halfMadeIn(patient)),
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

export function judgeHalfMade(files: string[]): Judgement[] {
  if (files.length === 0) return [];
  const said = `${files.length} in releases/ ${files.length === 1 ? 'is' : 'are'} half made.`;
  return [warning(said, `rm -rf ${files.map(word).join(' ')}`)];
}

function halfMadeIn(patient: Patient): string[] {
  const home = patient.home();
  return strayNames(home).map((name) => path.join(home.releases, name));
}

/** Null where there is none: that is told elsewhere. */
function tableOf(patient: Patient): Table | null {
  try {
    return patient.table();
  } catch {
    return null;
  }
}
