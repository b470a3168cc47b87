/** Checks that the traffic table names the slot in the journal and that nginx can read it. */
import path from 'node:path';
import { plural, short } from '../core/format';
import { deployTo } from '../core/pool';
import { inService } from '../core/traffic-split';
import { tableFiles, tableFolder, tableInWords } from '../core/traffic-table';
import type { Serving } from '../core/slot';
import type { Table } from '../core/traffic-table';
import { incompleteTables } from '../traffic/table-folder';
import { closedFolder, findWorkerUser } from '../traffic/worker-user';
import type { Judgement } from './finding';
import { fault, NotChecked, orOk, shellWord } from './finding';
import type { DoctorContext } from './context';

export function checkTable(context: DoctorContext): Judgement[] {
  const table = context.table();
  const folders = [...judgeWay(context, table), ...judgeFolders(context)];
  const atWork = context.atWork();
  if (atWork && folders.length === 0) throw new NotChecked(`deployment ${atWork.id} is running`);
  const complaints = [...folders, ...judgeTable(table, context.lastLive()?.to ?? null)];
  return orOk(complaints, whereEveryoneGoes(table));
}

function whereEveryoneGoes(table: Table): string {
  if (table.maintenance) return 'all users get the maintenance page';
  if (inService(table).length > 1) return `of 100 users go to ${tableInWords(table)}`;
  const behind = table.standby === null ? '' : `, ${table.standby} behind it`;
  return `all traffic goes to ${table.active ?? 'no slot'}${behind}`;
}

/** @param serving the active release according to the journal */
export function judgeTable({ active }: Table, serving: Serving | null): Judgement[] {
  if (active === (serving?.slot ?? null)) return [];
  if (serving === null) {
    return [fault(`All traffic goes to ${active}, where nothing was ever made live.`, './switchyard deploy')];
  }
  const wanted = `the journal says ${serving.slot} (v${serving.version}, ${short(serving.commit)})`;
  const message =
    active === null
      ? `The table names no slot, but ${wanted}.`
      : `All traffic goes to ${active}, but ${wanted}.`;
  return [fault(message, deployTo(serving.slot, short(serving.commit)))];
}

/** nginx reports no error: it treats an unreadable table as empty and answers every request with 503. */
function judgeWay(context: DoctorContext, table: Table): Judgement[] {
  const user = findWorkerUser();
  const closed = closedFolder(path.join(context.home().tables, tableFolder(table)), user);
  if (closed === null) return [];
  return [
    fault(
      `${user ? `nginx's user ${user.name}` : 'nginx'} may not enter ${closed}.`,
      `chmod a+x ${shellWord(closed)}`,
    ),
  ];
}

/** All tables are created in advance, because none can be created on a full disk. */
function judgeFolders(context: DoctorContext): Judgement[] {
  const { tables } = context.home();
  const incomplete = incompleteTables(
    context.home(),
    context.slots().map(({ name }) => name),
  );
  if (incomplete.length === 0) return [];
  const folders = incomplete.map((each) => shellWord(path.join(tables, tableFolder(each))));
  const files = incomplete.flatMap((each) =>
    tableFiles(each).map((file) => shellWord(path.join(tables, tableFolder(each), file))),
  );
  const make = `install -d -m 755 ${folders.join(' ')}${files.length > 0 ? ` && touch ${files.join(' ')}` : ''}`;
  return [
    fault(
      `${plural(incomplete.length, 'prepared table')} of ${tables} ${incomplete.length === 1 ? 'is' : 'are'} not complete.`,
      make,
    ),
  ];
}
