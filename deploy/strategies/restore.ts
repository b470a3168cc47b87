/**
 * Restore: starts the live release again in its own slots. Operators cannot choose it; the deployer uses it when slots
 * have died and nothing restarts them.
 */
import type { PlanInput, Strategy } from '../core/interfaces';
import { inService } from '../core/traffic-split';
import { servingSlots } from '../core/traffic-table';
import type { Observed, Plan } from '../core/plan';
import type { SlotName } from '../core/slot';
import { blueGreen, startAndShift } from './blue-green';
import { aliveInService, replaceInTurn } from './rolling';
import { runsRelease, runningIn } from './steps';

export const restore: Strategy = {
  plan(given) {
    const input = { ...given, observed: unhealthyCounts(given) };
    // the pool may have shrunk since then
    const serving = servingSlots(input.observed.table).filter((slot) => input.slots.includes(slot));
    const aside = slotSetAside(input);
    if (serving.length <= 1 && aside.length === 0) return bringBackOne(input);
    const dead = [...serving, ...aside].filter((slot) => !isSettled(input, slot));
    return bringBack(input, serving, dead);
  },
};

/** Restores the slot itself, even if a process hangs in it, because a standby has its users for now. */
function bringBackOne(input: PlanInput): Plan {
  const { observed, wanted, slots } = input;
  const isServing = wanted !== null && slots.includes(wanted) && inService(observed.table).includes(wanted);
  return isServing && !runsRelease(input, wanted) ? startAndShift(input, wanted) : blueGreen.plan(input);
}

/**
 * The requested slot of a pool, if its users were moved to other slots of the release and its process is gone;
 * otherwise none.
 */
function slotSetAside(input: PlanInput): SlotName[] {
  const { wanted, slots, observed } = input;
  if (wanted === null || !slots.includes(wanted) || runsRelease(input, wanted)) return [];
  const serving = inService(observed.table);
  const isAside = !serving.includes(wanted) && serving.some((slot) => isSettled(input, slot));
  return isAside ? [wanted] : [];
}

/** True if it runs the release and is managed, so that the runtime restarts it. */
function isSettled(input: PlanInput, slot: SlotName): boolean {
  return runsRelease(input, slot) && !runningIn(input.observed, slot)?.orphan;
}

/** An unhealthy process of the release still handles users, so it counts as restored. */
function unhealthyCounts({ observed, release }: PlanInput): Observed {
  const slots = observed.slots.map((running) =>
    running.status === 'unhealthy' && running.commit === release.commit
      ? { ...running, status: 'online' as const }
      : running,
  );
  return { ...observed, slots };
}

/** Without any live slot, the first one starts alone, so that users are served sooner; the rest then start together. */
function bringBack(input: PlanInput, serving: SlotName[], dead: SlotName[]): Plan {
  const isWhole = serving.length === servingSlots(input.observed.table).length;
  if (dead.length === 0 && isWhole) return [];
  const someServe = aliveInService(input).some((slot) => !dead.includes(slot));
  const batches = someServe ? [dead] : [dead.slice(0, 1), dead.slice(1)].filter((batch) => batch.length > 0);
  return replaceInTurn({ ...input, rolling: { ...input.rolling, onFailure: 'undo' } }, batches);
}
