/**
 * Canary: starts the release in an idle slot and gives it a growing share of the users while it does as well as stable.
 *
 * On any failure, one rename moves everyone back. If no release is live to compare with, or the release is already
 * warm, it goes live in one step, as in blue/green.
 */
import type { PlanInput, Strategy } from '../core/interfaces';
import { servingSlots } from '../core/traffic-table';
import type { Plan, PlannedStep } from '../core/plan';
import type { Proof, SlotName } from '../core/slot';
import { BUCKETS, type Table } from '../core/traffic-table';
import { blueGreen } from './blue-green';
import { isAnswering } from './steps';

export const canary: Strategy = {
  plan(input) {
    const atOnce = blueGreen.plan(input);
    const proof = startedBy(atOnce);
    const fullShift = atOnce.findIndex(({ step }) => step.do === 'shift' && step.to.active === proof?.slot);
    const stable = tableBefore(atOnce[fullShift]);
    return proof && stable && serves(input, stable)
      ? [
          ...atOnce.slice(0, fullShift),
          ...stepsOf(input, proof, stable),
          // the process that gets all users must be the one that was judged
          { step: { do: 'verify', ...proof }, undo: [] },
          ...atOnce.slice(fullShift),
        ]
      : atOnce;
  },
};

/** The proof of the first process that the plan starts. */
function startedBy(plan: Plan): Proof | null {
  for (const { step } of plan) {
    if (step.do !== 'start') continue;
    const { slot, commit, instance, restarts } = step;
    return { slot, commit, instance, restarts };
  }
  return null;
}

/** The table that the shift's undo restores. */
function tableBefore(shift: PlannedStep | undefined): Table | null {
  for (const step of shift?.undo ?? []) if (step.do === 'shift') return step.to;
  return null;
}

function serves({ observed }: PlanInput, stable: Table): boolean {
  const serving = servingSlots(stable);
  return serving.some((slot) => isAnswering(observed, slot));
}

function stepsOf({ canary: { steps, seconds } }: PlanInput, proof: Proof, stable: Table): Plan {
  const against = servingSlots(stable);
  let share = 0;
  return steps.flatMap((step): Plan => {
    if (step === 'pause') return [judge(proof, against, share, null)];
    if (step >= BUCKETS) return [];
    share = step;
    return [
      {
        step: { do: 'shift', to: withShare(stable, proof.slot, share) },
        undo: [{ do: 'shift', to: stable }],
      },
      judge(proof, against, share, seconds),
    ];
  });
}

function judge(proof: Proof, against: SlotName[], share: number, seconds: number | null): PlannedStep {
  return { step: { do: 'judge', ...proof, against, share, seconds }, undo: [] };
}

/** Gives the canary the lowest buckets, so that its users keep it as the share grows; scales the other shares down. */
function withShare(stable: Table, slot: SlotName, buckets: number): Table {
  const others = (stable.shares ?? []).map((other) => ({
    ...other,
    buckets: Math.round((other.buckets * (BUCKETS - buckets)) / BUCKETS),
  }));
  return { ...stable, shares: [{ slot, buckets }, ...others], uniform: false };
}
