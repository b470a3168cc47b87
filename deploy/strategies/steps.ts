/** Helpers that the strategies share: single steps with their undos, and checks of the observed state. */
import type { PlanInput } from '../core/interfaces';
import { inService } from '../core/traffic-split';
import { sameTable } from '../core/traffic-table';
import type { Observed, Plan, PlannedStep, Step } from '../core/plan';
import type { Proof, RunningSlot, SlotName } from '../core/slot';
import type { Table } from '../core/traffic-table';

/** True if the release is live in every slot in service and no other slot was requested. */
export function alreadyLive(input: PlanInput): boolean {
  const serving = inService(input.observed.table);
  return input.wanted === null && serving.length > 0 && serving.every((slot) => runsRelease(input, slot));
}

/**
 * True if the slot runs this release with this environment; a process keeps the environment it started with. False if
 * the release is to get new processes.
 */
export function runsRelease({ observed, release, environment, again }: PlanInput, slot: SlotName): boolean {
  if (again) return false;
  const running = runningIn(observed, slot);
  const isSame = running?.commit === release.commit && (running.environment ?? 0) === environment;
  return isSame && running.status === 'online';
}

/** True if the slot's process responds, even if unhealthily. */
export function isAnswering(observed: Observed, slot: SlotName): boolean {
  const status = runningIn(observed, slot)?.status;
  return status === 'online' || status === 'unhealthy';
}

export function runningIn({ slots }: Observed, name: SlotName | null): RunningSlot | null {
  return slots.find(({ slot, pid }) => slot === name && pid !== null) ?? null;
}

/** The migration: once per release, before its first process starts. */
export function migrate({ migrate, release, environment }: PlanInput): Plan {
  return when(migrate, { step: { do: 'migrate', commit: release.commit, environment }, undo: [] });
}

/** No step if the table does not change. @param back the table that the undo restores, if not the previous one */
export function shift(from: Table, to: Table, back = from): Plan {
  return when(!sameTable(from, to), { step: { do: 'shift', to }, undo: [{ do: 'shift', to: back }] });
}

/** Starts the release in a slot. Its undo restores the slot. */
export function start(input: PlanInput, proof: Proof): PlannedStep {
  const { environment } = input;
  return { step: { do: 'start', ...proof, environment }, undo: restoreSlot(input, proof.slot) };
}

export function verify(proof: Proof): PlannedStep {
  return { step: { do: 'verify', ...proof }, undo: [] };
}

/** Verifies through nginx, then bakes. @param others live slots with the same release, besides the first */
export function goLive({ bakeSeconds }: PlanInput, proof: Proof, others: Proof[] = []): Plan {
  const proofs = { ...proof, ...(others.length > 0 && { others }) };
  return [
    { step: { do: 'verify-live', ...proofs }, undo: [] },
    ...when(bakeSeconds > 0, { step: { do: 'bake', ...proofs, seconds: bakeSeconds }, undo: [] }),
  ];
}

/** Stops slots that are neither live nor standby, to free their memory. */
export function retireAllBut(input: PlanInput, kept: (SlotName | null)[]): Plan {
  return input.slots
    .filter((slot) => !kept.includes(slot) && runningIn(input.observed, slot))
    .map((slot) => ({ step: { do: 'stop', slot }, undo: restoreSlot(input, slot) }));
}

/** The steps that restore the slot: empty, or with the release that it ran. */
export function restoreSlot({ observed, undoInstance }: PlanInput, slot: SlotName): Step[] {
  const resident = runningIn(observed, slot);
  if (!resident) return [{ do: 'stop', slot }];
  const { commit, environment = 0 } = resident;
  const proof = { slot, commit, instance: `${undoInstance}-${slot}`, restarts: 0 };
  return [
    { do: 'start', ...proof, environment },
    { do: 'verify', ...proof },
  ];
}

function when(condition: boolean, step: PlannedStep): Plan {
  return condition ? [step] : [];
}
