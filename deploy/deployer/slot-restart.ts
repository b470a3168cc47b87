/** Restarts a slot in service: its users move to a proven process first, if there is one, and come back later. */
import { inService, runSameRelease } from '../core/traffic-split';
import { substitutesFor, tableShutOut, tableWithTraffic, tableWithoutTraffic } from '../core/substitute';
import type { RunningSlot, SlotName } from '../core/slot';
import type { Table } from '../core/traffic-table';
import { sameTable } from '../core/traffic-table';
import type { Lock } from '../journal/deployment-lock';
import { tryLock } from '../journal/deployment-lock';
import { waitUntil } from '../os/wait-until';
import { drain } from '../traffic/drain';
import { stolenPort } from '../health/port-thief';
import { probeSlot } from '../health/slot-health';
import { isRunning } from '../os/process-table';
import type { DeployContext } from '../context';
import { slotNamed } from '../context';

/** Kept short, because users get no answer while a substitute is probed. */
const SUBSTITUTE_LIMIT_MS = 500;
const POLL_EVERY_MS = 20;

/** The slots that can take this slot's users and that pass a health check right now. */
export async function provenSubstitutes(context: DeployContext, slot: SlotName): Promise<SlotName[]> {
  const wanted = substitutesFor(await context.traffic.current(), slot);
  const answers = await Promise.all(wanted.map((each) => isProven(context, each)));
  return wanted.filter((_, index) => answers[index]);
}

/** Moves its users to these slots. False if a deployment owns the table, or no slot can take them. */
export async function moveTrafficAway(
  context: DeployContext,
  slot: SlotName,
  proven: SlotName[],
): Promise<boolean> {
  if (proven.length === 0) return false;
  return withTable(context, (table) =>
    inService(table).includes(slot) ? tableWithoutTraffic(table, slot, proven) : null,
  );
}

/**
 * Shows the maintenance page if no other slot is in service. False if it is already shown, or a deployment owns the
 * table.
 */
export function showMaintenancePage(context: DeployContext, slot: SlotName): Promise<boolean> {
  return withTable(context, (table) =>
    inService(table).includes(slot) ? tableShutOut(table, slot, []) : null,
  );
}

/** Restores the slot's traffic. @param live the slots of the live release, in the order of the pool */
export function restoreTraffic(context: DeployContext, slot: SlotName, live: SlotName[]): Promise<boolean> {
  return withTable(context, (table) =>
    inService(table).includes(slot) ? null : tableWithTraffic(table, slot, live),
  );
}

/**
 * Corrects the mark of a split table whose slots all run one release. An older version's table lacks the mark, as does
 * a table to which a slot has returned.
 */
export async function correctMark(
  context: DeployContext,
  table: Table,
  running: RunningSlot[],
): Promise<void> {
  const serving = inService(table);
  const areKnown = serving.every((name) => running.some(({ slot }) => slot === name));
  if (serving.length < 2 || !areKnown) return;
  const uniform = runSameRelease(serving, running);
  if (uniform === (table.uniform ?? false)) return;
  await withTable(context, (now) => (sameTable(now, table) ? { ...now, uniform } : null));
}

/** Drains the slot, then sends SIGTERM, then SIGKILL. The runtime starts the next process. */
export async function drainAndKill(
  context: DeployContext,
  slot: SlotName,
  pid: number,
  moved: boolean,
): Promise<void> {
  // without a substitute new requests keep coming, and the app itself finishes those in flight
  if (moved) await drain(slotNamed(context, slot), context.config.limits.drain);
  signal(pid, 'SIGTERM');
  const withinMs = context.config.limits.stop * 1000;
  const isGone = await waitUntil(() => !isRunning(pid), { everyMs: POLL_EVERY_MS, withinMs });
  if (!isGone) signal(pid, 'SIGKILL');
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // it has already exited
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** True if its own process passes a health check right now. */
export async function isProven(context: DeployContext, slot: SlotName): Promise<boolean> {
  const running = (await context.runtime.list(slot)).find((each: RunningSlot) => each.slot === slot);
  if (!running?.pid) return false;
  const { status, health } = await probeSlot(context, running, SUBSTITUTE_LIMIT_MS);
  // another process on its port can give the same response
  return status === 200 && health === 'good' && (await stolenPort(context, slot)) === null;
}

/** Changes the table under the deployment lock, because a deployment bases its plan on the current table. */
export async function withTable(
  context: DeployContext,
  change: (table: Table) => Table | null,
): Promise<boolean> {
  const lock: Lock | null = tryLock(context.home);
  if (!lock) return false;
  try {
    if (context.journal.active() !== null) return false;
    const to = change(await context.traffic.current());
    if (to === null) return false;
    await context.traffic.shift(to);
    return true;
  } finally {
    lock.release();
  }
}
