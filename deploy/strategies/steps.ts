/** What the strategies have in common: single steps with their undos, and what they look at. */
import type { PlanInput } from '../core/interfaces';
import { inService } from '../core/traffic-split';
import { sameTable } from '../core/traffic-table';
import type { Observed, Plan, PlannedStep, Step } from '../core/plan';
import type { Proof, RunningSlot, SlotName } from '../core/slot';
import type { Table } from '../core/traffic-table';

/** The release serves every user, and answers, and nobody asked for another slot: nothing to do. */
export function alreadyLive(input: PlanInput): boolean {
  const serving = inService(input.observed.table);
  return input.wanted === null && serving.length > 0 && serving.every((slot) => hasIt(input, slot));
}

/** The release runs in this slot, with the same environment: a process keeps the one that it was started with. */
export function hasIt({ observed, release, environment }: PlanInput, slot: SlotName): boolean {
  const running = runningIn(observed, slot);
  const isSame = running?.commit === release.commit && (running.environment ?? 0) === environment;
  return isSame && running.status === 'online';
}

/** The slot has a process that answers: users are served by it, however it does. */
export function answers(observed: Observed, slot: SlotName): boolean {
  const status = runningIn(observed, slot)?.status;
  return status === 'online' || status === 'unhealthy';
}

export function runningIn({ slots }: Observed, name: SlotName | null): RunningSlot | null {
  return slots.find(({ slot, pid }) => slot === name && pid !== null) ?? null;
}

/** Once for a release, and before its first process. */
export function migrate({ migrate, release, environment }: PlanInput): Plan {
  return when(migrate, { step: { do: 'migrate', commit: release.commit, environment }, undo: [] });
}

/** Nothing where the table is as it is to be. @param back where its undo leads, if not to where it came from */
export function shift(from: Table, to: Table, back = from): Plan {
  return when(!sameTable(from, to), { step: { do: 'shift', to }, undo: [{ do: 'shift', to: back }] });
}

/** Starts the release in a slot. Its undo leaves the slot as it was. */
export function start(input: PlanInput, proof: Proof): PlannedStep {
  const { environment } = input;
  return { step: { do: 'start', ...proof, environment }, undo: putBack(input, proof.slot) };
}

export function verify(proof: Proof): PlannedStep {
  return { step: { do: 'verify', ...proof }, undo: [] };
}

/** Proven through nginx, and watched. @param others slots with the same release that serve beside the first */
export function goLive({ bakeSeconds }: PlanInput, proof: Proof, others: Proof[] = []): Plan {
  const proofs = { ...proof, ...(others.length > 0 && { others }) };
  return [
    { step: { do: 'verify-live', ...proofs }, undo: [] },
    ...when(bakeSeconds > 0, { step: { do: 'bake', ...proofs, seconds: bakeSeconds }, undo: [] }),
  ];
}

/** Ends what serves nobody any more and stands behind nobody, so that it holds no memory. */
export function retireAllBut(input: PlanInput, kept: (SlotName | null)[]): Plan {
  return input.slots
    .filter((slot) => !kept.includes(slot) && runningIn(input.observed, slot))
    .map((slot) => ({ step: { do: 'stop', slot }, undo: putBack(input, slot) }));
}

/** The slot as it was: empty, or with the release that it held. */
export function putBack({ observed, undoInstance }: PlanInput, slot: SlotName): Step[] {
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
