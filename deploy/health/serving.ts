/** What serves the users now, looked at: the table nginx reads, and who answers in its slots. */
import type { Drift } from '../core/drift';
import { driftOf } from '../core/drift';
import { isCanary } from '../core/canary/at-work';
import { inService } from '../core/traffic-split';
import { bucketsBySlot } from '../core/traffic-table';
import type { Commit } from '../core/release';
import type { ProcessStatus, Serving, SlotName } from '../core/slot';
import type { Table } from '../core/traffic-table';
import { builtHealthPath } from './health-path';
import { findRelease } from '../release/releases';
import { probe } from '../traffic/probe';
import type { DeployContext } from '../context';

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

type Eyes = Pick<DeployContext, 'home' | 'config' | 'slots' | 'traffic' | 'journal'>;

/** Every slot as it answers. Needs no process manager, so it is quick and works when that is dead. */
export async function viewSlots(context: Eyes): Promise<{ table: Table; slots: SlotView[] }> {
  const table = await context.traffic.current();
  const slots = await Promise.all(
    context.slots.map(({ name, port }) => viewSlot(context, table, name, port)),
  );
  return { table, slots };
}

/**
 * The release in the active slot, as it answers; what the journal says last where it does not answer. Null where no
 * release is live: behind the maintenance page, and before the first.
 */
export async function servingNow(context: Eyes): Promise<Serving | null> {
  const { table, slots } = await viewSlots(context);
  const active = slots.find(({ slot }) => slot === table.active);
  if (active?.commit && active.version) {
    return { slot: active.slot, commit: active.commit, version: active.version };
  }
  return table.active === null || table.maintenance ? null : (context.journal.lastLive()?.to ?? null);
}

/** What was deployed last, when something else serves. */
export function driftNow(context: Pick<DeployContext, 'journal'>, serving: Serving | null): Drift | null {
  return driftOf(context.journal.verdicts(), serving);
}

function roleOf(context: Eyes, table: Table, slot: SlotName, up: boolean): SlotView['role'] {
  if (slot === table.active) return 'active';
  if (inService(table).includes(slot)) return isTried(context, slot) ? 'canary' : 'serving';
  if (!up) return 'idle';
  return isHeld(context, slot) ? 'held' : 'warm';
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

async function viewSlot(context: Eyes, table: Table, slot: SlotName, port: number): Promise<SlotView> {
  const known = context.journal.lastInSlot(slot)?.commit ?? '';
  const answer = await probe({ port, path: builtHealthPath(context, known), timeoutMs: PROBE_TIMEOUT_MS });
  const up = answer.status !== null;
  return {
    slot,
    port,
    role: roleOf(context, table, slot, up),
    share: shareOf(table, slot),
    commit: answer.commit,
    version: answer.commit ? (findRelease(context.home, answer.commit)?.version ?? null) : null,
    status: answer.status === 200 ? 'online' : up ? 'crashed' : 'stopped',
    said: answer.status === 200 ? null : answer.said,
  };
}
