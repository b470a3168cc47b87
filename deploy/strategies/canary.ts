/**
 * Canary: the release starts in an idle slot and gets a few of the users, then more, as long as it does as well as what
 * serves the others. Whatever goes wrong, one rename gives everybody back. Where nothing serves there is nothing to
 * compare with, and what is warm has been live before: both go live at once, as in blue/green.
 */
import type { PlanInput, Strategy } from '../core/interfaces';
import { servingSlots } from '../core/traffic-table';
import type { Plan, PlannedStep } from '../core/plan';
import type { Proof, SlotName } from '../core/slot';
import { BUCKETS, type Table } from '../core/traffic-table';
import { blueGreen } from './blue-green';
import { answers } from './steps';

export const canary: Strategy = {
  plan(input) {
    const atOnce = blueGreen.plan(input);
    const proof = startedBy(atOnce);
    const everybody = atOnce.findIndex(({ step }) => step.do === 'shift' && step.to.active === proof?.slot);
    const stable = tableBefore(atOnce[everybody]);
    return proof && stable && serves(input, stable)
      ? [
          ...atOnce.slice(0, everybody),
          ...stepsOf(input, proof, stable),
          // the very process that was judged is the one that gets everybody
          { step: { do: 'verify', ...proof }, undo: [] },
          ...atOnce.slice(everybody),
        ]
      : atOnce;
  },
};

/** What is started, and from then on stays the very same process. */
function startedBy(plan: Plan): Proof | null {
  for (const { step } of plan) {
    if (step.do !== 'start') continue;
    const { slot, commit, instance, restarts } = step;
    return { slot, commit, instance, restarts };
  }
  return null;
}

/** What the shift would be taken back to. */
function tableBefore(shift: PlannedStep | undefined): Table | null {
  for (const step of shift?.undo ?? []) if (step.do === 'shift') return step.to;
  return null;
}

function serves({ observed }: PlanInput, stable: Table): boolean {
  const serving = servingSlots(stable);
  return serving.some((slot) => answers(observed, slot));
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

/** The lowest buckets for the canary, so that whoever has met it keeps it; the others' slots share what is left. */
function withShare(stable: Table, slot: SlotName, buckets: number): Table {
  const others = (stable.shares ?? []).map((other) => ({
    ...other,
    buckets: Math.round((other.buckets * (BUCKETS - buckets)) / BUCKETS),
  }));
  return { ...stable, shares: [{ slot, buckets }, ...others] };
}
