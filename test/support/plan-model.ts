/**
 * A model of slots that runs a plan's steps and throws when a step would affect users. It is independent of the code
 * that makes plans.
 */
import { tableFolder } from '../../deploy/core/traffic-table';
import type { Observed, Plan, Step } from '../../deploy/core/plan';
import type { Commit } from '../../deploy/core/release';
import type { SlotName } from '../../deploy/core/slot';
import type { Table } from '../../deploy/core/traffic-table';

interface Resident {
  commit: Commit;
  /** May receive users' requests: verified in this plan, or already in the table. */
  proven: boolean;
}

export class SimulatedMachine {
  table: Table;
  /** The fewest slots that served users at any time. */
  fewestInService: number;
  private readonly slots = new Map<SlotName, Resident>();

  constructor({ table, slots }: Observed) {
    this.table = table;
    for (const { slot, commit, pid } of slots) {
      const proven = named(table).includes(slot);
      if (pid !== null) this.slots.set(slot, { commit, proven });
    }
    this.fewestInService = this.inService();
  }

  /** The number of slots that answer users. */
  inService(): number {
    return serving(this.table).filter((slot) => this.slots.has(slot)).length;
  }

  /** Table and processes, to compare before and after. */
  state(): string {
    return JSON.stringify([tableFolder(this.table), this.processes()]);
  }

  /** The state a deployment would observe, with every named slot answering. @param instance prefix of every process */
  observed(instance: string): Observed {
    const slots = [...this.slots].map(([slot, { commit }]) => ({
      ...{ slot, commit, instance: `${instance}-${slot}`, pid: 1, restarts: 0 },
      ...{ status: 'online' as const, exitCode: null },
    }));
    return { table: this.table, slots };
  }

  /** The commit in each slot, to compare before and after. */
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
        for (const slot of named(step.to)) this.mustBeProven(slot);
        if (step.to.uniform) this.mustRunOneRelease(serving(step.to));
        this.table = step.to;
        this.fewestInService = Math.min(this.fewestInService, this.inService());
        return;
      case 'verify-live':
        this.mustAllServe([step, ...(step.others ?? [])]);
        return;
      case 'migrate':
      case 'hold':
      case 'judge':
      case 'bake':
        return;
    }
  }

  private mustNotBeInTable(slot: SlotName): void {
    if (named(this.table).includes(slot)) {
      throw new Error(`${slot} would be replaced while the table names it`);
    }
  }

  /** Users get this release from exactly these slots. */
  private mustAllServe(proofs: { slot: SlotName; commit: Commit }[]): void {
    const wanted = proofs.map(({ slot }) => slot).sort();
    if (String(wanted) !== String(serving(this.table).sort()))
      throw new Error(`${String(wanted)} are not live`);
    for (const { slot, commit } of proofs)
      if (this.runs(slot) !== commit) throw new Error(`${slot} runs another commit`);
  }

  /** Without the cookie, a user's requests reach any of these slots. */
  private mustRunOneRelease(slots: SlotName[]): void {
    const commits = new Set(slots.map((slot) => this.runs(slot)).filter((commit) => commit !== undefined));
    if (commits.size > 1) throw new Error(`${String(slots)} run several releases`);
  }

  /** The table may name a dead slot: it answers no request. */
  private mustBeProven(slot: SlotName): void {
    const resident = this.slots.get(slot);
    if (resident && !resident.proven) throw new Error(`${slot} would get users without being verified`);
  }
}

/** Runs the first steps of a plan, then undoes them in reverse order, as the runner does. */
export function runAndUndo(observed: Observed, plan: Plan, steps: number): SimulatedMachine {
  const machine = new SimulatedMachine(observed);
  const done = plan.slice(0, steps);
  for (const { step } of done) machine.do(step);
  for (const { undo } of done.reverse()) for (const step of undo) machine.do(step);
  return machine;
}

/** Behind the maintenance page no slot in the table serves users. */
function serving(table: Table): SlotName[] {
  const { active, shares = [], maintenance } = table;
  const slots = [active, ...shares.map(({ slot }) => slot)].filter((slot) => slot !== null);
  return maintenance ? [] : [...new Set(slots)];
}

/** The slots that may receive users' requests, if only for files. */
function named(table: Table): SlotName[] {
  return [...serving(table), table.standby, table.assets ?? null].filter((slot) => slot !== null);
}
