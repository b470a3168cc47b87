/**
 * A machine of two slots that does a plan's steps on paper, and refuses what would hurt a user. It knows nothing
 * of how plans are made.
 */
import { servingSlots } from '../../deploy/core/table';
import type { Commit, Observed, Plan, SlotName, Step, Table } from '../../deploy/core/types';

interface Resident {
  commit: Commit;
  /** It may get a user's request: verified in this plan, or in the table before it. */
  proven: boolean;
}

export class PaperMachine {
  table: Table;
  private readonly slots = new Map<SlotName, Resident>();

  constructor({ table, slots }: Observed) {
    this.table = table;
    for (const { slot, commit, pid } of slots) {
      const proven = slot === table.active || slot === table.standby;
      if (pid !== null) this.slots.set(slot, { commit, proven });
    }
  }

  /** What runs where, to compare before with after. */
  processes(): [SlotName, Commit][] {
    return [...this.slots].map(([slot, { commit }]): [SlotName, Commit] => [slot, commit]).sort();
  }

  runs(slot: SlotName): Commit | undefined {
    return this.slots.get(slot)?.commit;
  }

  /** Throws when the step would break an invariant. */
  do(step: Step): void {
    switch (step.do) {
      case 'start':
        this.mustNotBeInTable(step.slot);
        this.slots.set(step.slot, { commit: step.commit, proven: false });
        return;
      case 'stop':
        this.mustNotBeInTable(step.slot);
        this.slots.delete(step.slot);
        return;
      case 'verify': {
        const resident = this.slots.get(step.slot);
        if (resident?.commit !== step.commit) throw new Error(`nothing to verify in ${step.slot}`);
        resident.proven = true;
        return;
      }
      case 'shift':
        for (const slot of [step.to.active, step.to.standby, ...servingSlots(step.to)])
          this.mustBeProven(slot);
        this.table = step.to;
        return;
      case 'verify-live':
        if (this.table.active !== step.slot) throw new Error(`${step.slot} is not live`);
        return;
      case 'migrate':
      case 'hold':
      case 'judge':
      case 'bake':
        return;
    }
  }

  private mustNotBeInTable(slot: SlotName): void {
    if ([this.table.active, this.table.standby, ...servingSlots(this.table)].includes(slot)) {
      throw new Error(`${slot} would be replaced while the table names it`);
    }
  }

  /** A dead slot may be named: it was named before, and nobody gets an answer of it. */
  private mustBeProven(slot: SlotName | null): void {
    const resident = slot === null ? undefined : this.slots.get(slot);
    if (resident && !resident.proven) throw new Error(`${slot} would get users, unproven`);
  }
}

/** Does the first steps of a plan, then takes them back as the runner does: last one first. */
export function doAndUndo(observed: Observed, plan: Plan, steps: number): PaperMachine {
  const machine = new PaperMachine(observed);
  const done = plan.slice(0, steps);
  for (const { step } of done) machine.do(step);
  for (const { undo } of done.reverse()) for (const step of undo) machine.do(step);
  return machine;
}
