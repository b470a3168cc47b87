/** What serves the users now, looked at: the table nginx reads, and who answers in its slots. */
import type { Behind } from './core/behind';
import { behind } from './core/behind';
import { isCanary } from './core/canary/at-work';
import { inService } from './core/spread';
import { bucketsBySlot } from './core/table';
import type { Commit, ProcessStatus, Serving, SlotName, Table } from './core/types';
import { builtHealthPath } from './pipeline/health-path';
import { findRelease } from './pipeline/releases';
import { probe } from './traffic/probe';
import type { Yard } from './yard';

const PROBE_TIMEOUT_MS = 1000;

export interface SlotView {
  slot: SlotName;
  port: number;
  /** The active one serves whoever no other does; `serving` and `canary` have a share beside it. */
  role: 'active' | 'serving' | 'canary' | 'warm' | 'held' | 'idle';
  /** Of the users, in per cent. */
  share: number;
  commit: Commit | null;
  version: string | null;
  status: Extract<ProcessStatus, 'online' | 'crashed' | 'stopped'>;
  /** What its health path said, when it is not online. */
  said: string | null;
}

type Eyes = Pick<Yard, 'home' | 'config' | 'slots' | 'traffic' | 'journal'>;

/** Every slot as it answers. Needs no process manager, so it is quick and works when that is dead. */
export async function viewSlots(yard: Eyes): Promise<{ table: Table; slots: SlotView[] }> {
  const table = await yard.traffic.current();
  const slots = await Promise.all(yard.slots.map(({ name, port }) => viewSlot(yard, table, name, port)));
  return { table, slots };
}

/**
 * The release in the active slot, as it answers; what the journal says last where it does not answer. Null where no
 * release is live: behind the maintenance page, and before the first.
 */
export async function servingNow(yard: Eyes): Promise<Serving | null> {
  const { table, slots } = await viewSlots(yard);
  const active = slots.find(({ slot }) => slot === table.active);
  if (active?.commit && active.version) {
    return { slot: active.slot, commit: active.commit, version: active.version };
  }
  return table.active === null || table.maintenance ? null : (yard.journal.lastLive()?.to ?? null);
}

/** What was deployed last, when something else serves. */
export function behindNow(yard: Pick<Yard, 'journal'>, serving: Serving | null): Behind | null {
  return behind(yard.journal.verdicts(), serving);
}

function roleOf(yard: Eyes, table: Table, slot: SlotName, up: boolean): SlotView['role'] {
  if (slot === table.active) return 'active';
  if (inService(table).includes(slot)) return isTried(yard, slot) ? 'canary' : 'serving';
  if (!up) return 'idle';
  return isHeld(yard, slot) ? 'held' : 'warm';
}

function isTried({ journal }: Eyes, slot: SlotName): boolean {
  const deployment = journal.active();
  return deployment !== null && isCanary(deployment) && deployment.to?.slot === slot;
}

/** A bucket is one per cent. */
function shareOf(table: Table, slot: SlotName): number {
  return table.maintenance ? 0 : (bucketsBySlot(table).get(slot) ?? 0);
}

function isHeld({ journal }: Eyes, slot: SlotName): boolean {
  const deployment = journal.active();
  return deployment?.state === 'holding' && deployment.to?.slot === slot;
}

async function viewSlot(yard: Eyes, table: Table, slot: SlotName, port: number): Promise<SlotView> {
  const known = yard.journal.lastInSlot(slot)?.commit ?? '';
  const answer = await probe({ port, path: builtHealthPath(yard, known), timeoutMs: PROBE_TIMEOUT_MS });
  const up = answer.status !== null;
  return {
    slot,
    port,
    role: roleOf(yard, table, slot, up),
    share: shareOf(table, slot),
    commit: answer.commit,
    version: answer.commit ? (findRelease(yard.home, answer.commit)?.version ?? null) : null,
    status: answer.status === 200 ? 'online' : up ? 'crashed' : 'stopped',
    said: answer.status === 200 ? null : answer.said,
  };
}
