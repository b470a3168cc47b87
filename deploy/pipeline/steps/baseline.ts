/** Computes the baseline of a bake: the previous releases' responses, from nginx's log by slot and time. */
import type { JournalEvent } from '../../core/event';
import type { Plan } from '../../core/plan';
import type { Proofs, SlotName } from '../../core/slot';
import type { Counts } from '../../core/verdict';
import { sumOf } from '../../core/verdict';
import type { LogEntry } from '../../traffic/access-log';
import { countRequests } from '../../traffic/access-log';

/**
 * Sums all slots, because a pool's release is compared with the whole pool. A replaced slot counts until the release
 * started in it; a slot that already had the release does not count. Pure.
 * @param events the deployment's journal events so far
 */
export function baselineCounts(requests: LogEntry[], plan: Plan, events: JournalEvent[]): Counts {
  const began = startedAt(plan, events);
  const has = new Set(slotsWithRelease(plan));
  const before = requests.filter(({ slot, at }) => {
    if (slot === null) return false;
    const since = began.get(slot);
    return since === undefined ? !has.has(slot) : at < since;
  });
  return sumOf(countRequests(before).slots);
}

/** When the release started in each slot, in milliseconds since 1970; the first attempt if there were several. */
function startedAt(plan: Plan, events: JournalEvent[]): Map<SlotName, number> {
  const began = new Map<SlotName, number>();
  for (const { at, entry } of events) {
    if (entry.type !== 'phase' || entry.phase !== 'start' || entry.status !== 'started' || entry.undo)
      continue;
    const step = plan[entry.step ?? -1]?.step;
    if (step?.do === 'start' && !began.has(step.slot)) began.set(step.slot, at);
  }
  return began;
}

function slotsWithRelease(plan: Plan): SlotName[] {
  const live = plan.flatMap(({ step }): Proofs[] => (step.do === 'verify-live' ? [step] : []));
  return live.flatMap(({ slot, others = [] }) => [slot, ...others.map((each) => each.slot)]);
}
