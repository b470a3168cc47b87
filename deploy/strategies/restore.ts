/**
 * Restore: what was live serves again, where it served. No strategy that a person could choose: it is what the
 * deployer does when slots have died and nobody starts them again.
 */
import type { PlanInput, Strategy } from '../core/seams';
import { inService } from '../core/spread';
import type { SlotName } from '../core/types';
import { blueGreen } from './blue-green';
import { aliveInService, replaceInTurn } from './rolling';
import { hasIt, runningIn } from './steps';

export const restore: Strategy = {
  plan(input) {
    // a pool may have become smaller since
    const serving = inService(input.observed.table).filter((slot) => input.slots.includes(slot));
    return serving.length > 1 ? bringBack(input, serving) : blueGreen.plan(input);
  },
};

/** Users are served as soon as one is there; the others come back together. */
function bringBack(input: PlanInput, serving: SlotName[]) {
  const dead = serving.filter((slot) => !hasIt(input, slot) || runningIn(input.observed, slot)?.orphan);
  const isWhole = serving.length === inService(input.observed.table).length;
  if (dead.length === 0 && isWhole) return [];
  const someServe = aliveInService(input).some((slot) => !dead.includes(slot));
  const batches = someServe ? [dead] : [dead.slice(0, 1), dead.slice(1)].filter((batch) => batch.length > 0);
  return replaceInTurn({ ...input, rolling: { ...input.rolling, onFailure: 'undo' } }, batches);
}
