/**
 * Restore: what was live serves again, where it served. No strategy that a person could choose: it is what the
 * deployer does when slots have died and nobody starts them again.
 */
import type { PlanInput, Strategy } from '../core/interfaces';
import { inService } from '../core/traffic-split';
import { servingSlots } from '../core/traffic-table';
import type { Observed, Plan } from '../core/plan';
import type { SlotName } from '../core/slot';
import { blueGreen, startAndShift } from './blue-green';
import { aliveInService, replaceInTurn } from './rolling';
import { hasIt, runningIn } from './steps';

export const restore: Strategy = {
  plan(given) {
    const input = { ...given, observed: unhealthyCounts(given) };
    // a pool may have become smaller since
    const serving = servingSlots(input.observed.table).filter((slot) => input.slots.includes(slot));
    return serving.length > 1 ? bringBack(input, serving) : bringBackOne(input);
  },
};

/** Its own slot, also where a process hangs in it: a standby has its users meanwhile. */
function bringBackOne(input: PlanInput): Plan {
  const { observed, wanted, slots } = input;
  const isServing = wanted !== null && slots.includes(wanted) && inService(observed.table).includes(wanted);
  return isServing && !hasIt(input, wanted) ? startAndShift(input, wanted) : blueGreen.plan(input);
}

/** An unhealthy process of the release serves its users: it is back already. */
function unhealthyCounts({ observed, release }: PlanInput): Observed {
  const slots = observed.slots.map((running) =>
    running.status === 'unhealthy' && running.commit === release.commit
      ? { ...running, status: 'online' as const }
      : running,
  );
  return { ...observed, slots };
}

/** Users are served as soon as one is there; the others come back together. */
function bringBack(input: PlanInput, serving: SlotName[]): Plan {
  const dead = serving.filter((slot) => !hasIt(input, slot) || runningIn(input.observed, slot)?.orphan);
  const isWhole = serving.length === servingSlots(input.observed.table).length;
  if (dead.length === 0 && isWhole) return [];
  const someServe = aliveInService(input).some((slot) => !dead.includes(slot));
  const batches = someServe ? [dead] : [dead.slice(0, 1), dead.slice(1)].filter((batch) => batch.length > 0);
  return replaceInTurn({ ...input, rolling: { ...input.rolling, onFailure: 'undo' } }, batches);
}
