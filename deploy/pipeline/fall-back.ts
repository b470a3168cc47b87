/** Handles an outage: shows the maintenance page and queues an attempt to bring a release back. */
import type { KnownError } from '../core/errors';
import { named } from '../core/format';
import { isRevival, nextToTry } from '../core/restore-chain';
import { servingSlots } from '../core/traffic-table';
import type { Deployment } from '../core/deployment';
import type { Commit } from '../core/release';
import type { RunningSlot } from '../core/slot';
import type { Table } from '../core/traffic-table';
import type { DeployContext } from '../context';
import { installMaintenancePage } from './steps/maintenance-page';
import { observe } from '../health/observe';
import { findRelease } from '../release/releases';

/** Covers more than one round of attempts. */
const RECENT = 50;

/**
 * Shows the maintenance page if no running process can be reached, and returns the table then in force. The shift of
 * any later plan removes the page again.
 */
export async function showPageWhileDown(
  context: DeployContext,
  table: Table,
  running: RunningSlot[],
): Promise<Table> {
  if (table.active === null || table.maintenance || anyoneRuns(table, running)) return table;
  const page: Table = { ...table, standby: null, assets: undefined, maintenance: true };
  try {
    installMaintenancePage(context);
  } catch {
    // nginx has a built-in page
  }
  try {
    await context.traffic.shift(page);
    return page;
  } catch {
    return table; // the disk is full: users get nginx's bare error
  }
}

/** Queues the attempt that follows a failed one, and journals this for the failed deployment. */
export async function queueFallback(
  context: DeployContext,
  failed: Deployment,
  error: KnownError,
): Promise<void> {
  if (!isRevival(failed)) return tryAgain(context, failed, error);
  const [table, running] = await Promise.all([context.traffic.current(), context.runtime.list()]);
  const inForce = await showPageWhileDown(context, table, running);
  if (!inForce.maintenance || othersWait(context, failed.id)) return;
  // verdicts show which releases are good; recent rows show which were just tried
  const history = [...context.journal.verdicts(), ...context.journal.history(RECENT)];
  const next = nextToTry([...new Map(history.map((each) => [each.id, each])).values()], failed, error.code);
  if (next === null) return;
  await warnOfNext(context, failed, next);
  await context.journal.request({
    kind: 'rollback',
    trigger: failed.trigger,
    commit: next,
    strategy: 'blue-green',
  });
}

/** After an undo that failed to start the live release, queues a restore of it, as after an outage. */
async function tryAgain(context: DeployContext, { id, from }: Deployment, error: KnownError): Promise<void> {
  if (from === null || error.code === 'E_STOPPED' || !undoFailed(context, id)) return;
  const { table, slots } = await observe(context);
  const answering = slots.filter(({ status }) => status !== 'crashed');
  const inForce = await showPageWhileDown(context, table, answering);
  if (!inForce.maintenance || othersWait(context, id)) return;
  await warnOfNext(context, { id }, from.commit);
  await context.journal.request({ kind: 'restore', trigger: 'watch', commit: from.commit, slot: from.slot });
}

/** True if a step of the deployment's undo failed. */
export function undoFailed({ journal }: DeployContext, id: number): boolean {
  return journal
    .since(0, id)
    .some(({ entry }) => entry.type === 'phase' && entry.undo === true && entry.status === 'failed');
}

async function warnOfNext(
  context: DeployContext,
  { id }: Pick<Deployment, 'id'>,
  commit: Commit,
): Promise<void> {
  const version = findRelease(context.home, commit)?.version ?? versionInJournal(context, commit);
  const message = `no release is live: ${named({ commit, version })} is started next`;
  await context.journal.warn(id, message);
}

/** True if a process may still respond: nginx falls back to the standby, and the runtime restarts a crashed process. */
function anyoneRuns(table: Table, running: RunningSlot[]): boolean {
  const reached = [...servingSlots(table), table.standby];
  return running.some(
    ({ slot, pid, status }) => (pid !== null || status === 'crashed') && reached.includes(slot),
  );
}

/** A queued rollback or restore also gives users a release. */
function othersWait({ journal }: DeployContext, id: number): boolean {
  return journal
    .pending()
    .some((each) => each.id !== id && (each.kind === 'rollback' || each.kind === 'restore'));
}

function versionInJournal({ journal }: DeployContext, commit: string): string {
  return journal.verdicts(commit).find(({ version }) => version)?.version ?? '?';
}
