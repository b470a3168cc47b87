/** Probes what is live right now: the table that nginx reads, and the release that responds in each slot. */
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
  /** The active slot gets all users that no other slot has; a `serving` or `canary` slot has a share of its own. */
  role: 'active' | 'serving' | 'canary' | 'warm' | 'held' | 'idle';
  /** Percent of all users. */
  share: number;
  commit: Commit | null;
  version: string | null;
  status: Extract<ProcessStatus, 'online' | 'crashed' | 'stopped'>;
  /** The response of its health path, if the slot is not online. */
  message: string | null;
}

type Eyes = Pick<DeployContext, 'home' | 'config' | 'slots' | 'traffic' | 'journal'>;

/** Probes every slot. Needs no process manager, so it is fast and works when that is down. */
export async function viewSlots(context: Eyes): Promise<{ table: Table; slots: SlotView[] }> {
  const table = await context.traffic.current();
  const slots = await Promise.all(
    context.slots.map(({ name, port }) => viewSlot(context, table, name, port)),
  );
  return { table, slots };
}

/**
 * The release that answers in the active slot, or the journal's last live release if it does not answer. Null while no
 * release is live: behind the maintenance page, and before the first deployment.
 */
export async function servingNow(context: Eyes): Promise<Serving | null> {
  const { table, slots } = await viewSlots(context);
  const active = slots.find(({ slot }) => slot === table.active);
  if (active?.commit && active.version) {
    return { slot: active.slot, commit: active.commit, version: active.version };
  }
  return table.active === null || table.maintenance ? null : (context.journal.lastLive()?.to ?? null);
}

/** The difference between the release deployed last and the live one, or null. */
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

/** One bucket is one percent. */
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
    message: answer.status === 200 ? null : answer.message,
  };
}
