/** Restarts a slot that serves: its users move to a proven process first, where there is one, and come back later. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inService } from './core/spread';
import { substitutesFor, tableWith, tableWithout } from './core/substitute';
import type { RunningSlot, SlotName, Table } from './core/types';
import type { Lock } from './lock';
import { tryLock } from './lock';
import { machineMs } from './os/machine-clock';
import { drain } from './pipeline/drain';
import { askSlot } from './pipeline/slot-health';
import { isRunning } from './runtimes/os-process';
import type { Yard } from './yard';
import { slotNamed } from './yard';

/** Nobody is served while a substitute is asked. */
const SUBSTITUTE_LIMIT_MS = 500;
const LOOK_EVERY_MS = 20;

/** The slots that can take this one's users and answer as themselves right now. */
export async function provenSubstitutes(yard: Yard, slot: SlotName): Promise<SlotName[]> {
  const wanted = substitutesFor(await yard.traffic.current(), slot);
  const answers = await Promise.all(wanted.map((each) => isProven(yard, each)));
  return wanted.filter((_, index) => answers[index]);
}

/** Moves its users to these. False where a deployment has the table meanwhile, or there is nobody to take them. */
export async function moveAway(yard: Yard, slot: SlotName, proven: SlotName[]): Promise<boolean> {
  if (proven.length === 0) return false;
  return withTable(yard, (table) =>
    inService(table).includes(slot) ? tableWithout(table, slot, proven) : null,
  );
}

/** Gives its users back. @param live the slots of the live release, in the order of the pool */
export function giveBack(yard: Yard, slot: SlotName, live: SlotName[]): Promise<boolean> {
  return withTable(yard, (table) => (inService(table).includes(slot) ? null : tableWith(table, slot, live)));
}

/** Lets the requests in flight end, then SIGTERM, then SIGKILL: the runtime starts the next process. */
export async function endDrained(yard: Yard, slot: SlotName, pid: number, moved: boolean): Promise<void> {
  // without a substitute new requests keep coming, and the app itself finishes those it has
  if (moved) await drain(slotNamed(yard, slot), yard.config.limits.drain);
  signal(pid, 'SIGTERM');
  const deadline = machineMs() + yard.config.limits.stop * 1000;
  while (isRunning(pid) && machineMs() < deadline) await sleep(LOOK_EVERY_MS);
  if (isRunning(pid)) signal(pid, 'SIGKILL');
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // it ended meanwhile
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function isProven(yard: Yard, slot: SlotName): Promise<boolean> {
  const running = (await yard.runtime.list(slot)).find((each: RunningSlot) => each.slot === slot);
  if (!running?.pid) return false;
  const { status, health } = await askSlot(yard, running, SUBSTITUTE_LIMIT_MS);
  return status === 200 && health === 'good';
}

/** Changes the table under the deployment lock: a deployment plans with the table that it finds. */
async function withTable(yard: Yard, change: (table: Table) => Table | null): Promise<boolean> {
  const lock: Lock | null = tryLock(yard.home);
  if (!lock) return false;
  try {
    if (yard.journal.active() !== null) return false;
    const to = change(await yard.traffic.current());
    if (to === null) return false;
    await yard.traffic.shift(to);
    return true;
  } finally {
    lock.release();
  }
}
