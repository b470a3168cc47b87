/**
 * Blue/green: the release starts in the idle slot, and all requests move to it at once. The slot that
 * served stays warm behind it, so that going back is one rename. On request it waits between the two, verified,
 * until a person who has tried it says yes.
 */
import { KnownError } from '../core/errors';
import type { PlanInput, Strategy } from '../core/seams';
import { sameTable } from '../core/table';
import type { Plan, PlannedStep, Proof, RunningSlot, SlotName, Step, Table } from '../core/types';

export const blueGreen: Strategy = {
  plan(input) {
    if (alreadyLive(input)) return [];
    const target = chooseSlot(input);
    const warm = warmRelease(input, target);
    return warm ? shiftToWarm(input, target, warm) : startAndShift(input, target);
  },
};

/** The release serves, and answers, and nobody asked for another slot: nothing to do. */
function alreadyLive(input: PlanInput): boolean {
  const serving = runningIn(input.observed.slots, input.observed.table.active);
  return input.wanted === null && serving?.status === 'online' && isSame(serving, input);
}

function chooseSlot({ observed, slots, wanted }: PlanInput): SlotName {
  const { active } = observed.table;
  if (wanted !== null && wanted === active && runningIn(observed.slots, active)) {
    const idle = slots.find((slot) => slot !== active);
    throw new KnownError(
      'E_SLOT_ACTIVE',
      `${active} serves the users now; a release is only started in an idle slot.`,
      `Deploy to ${idle}: npm run -s deploy:${idle}`,
    );
  }
  const idle = slots.find((slot) => slot !== active) ?? slots[0];
  const chosen = wanted ?? idle;
  if (chosen === undefined) throw new KnownError('E_CONFIG', 'No slot is configured.');
  return chosen;
}

/** The same release with the same environment: a process keeps the one that it was started with. */
function isSame(running: RunningSlot, { release, environment }: PlanInput): boolean {
  return running.commit === release.commit && (running.environment ?? 0) === environment;
}

/** The slot's process when it holds this very release, proven, and may take the traffic as it is. */
function warmRelease(input: PlanInput, target: SlotName): RunningSlot | null {
  const { observed } = input;
  const resident = runningIn(observed.slots, target);
  const proven = observed.table.standby === target && resident?.status === 'online';
  return proven && isSame(resident, input) ? resident : null;
}

function shiftToWarm(input: PlanInput, target: SlotName, warm: RunningSlot): Plan {
  const { observed, release } = input;
  const proof = { slot: target, commit: release.commit, instance: warm.instance, restarts: warm.restarts };
  return [
    ...verified(proof, input.hold),
    // what is left for the warm one is not trusted to stand behind it
    shift(observed.table, { active: target, standby: null }),
    { step: { do: 'verify-live', ...proof }, undo: [] },
  ];
}

function startAndShift(input: PlanInput, target: SlotName): Plan {
  const { observed, release, instance, environment } = input;
  const { table } = observed;
  const proof = { slot: target, commit: release.commit, instance, restarts: 0 };
  // an unproven release never stands behind the active one, nor in the place of one that is dead
  const stays = table.active === target ? null : table.active;
  const alone: Table = { active: stays, standby: null };
  const behind = runningIn(observed.slots, stays) ? stays : null;
  return [
    ...when(input.migrate, { step: { do: 'migrate', commit: release.commit, environment }, undo: [] }),
    ...when(!sameTable(table, alone), shift(table, alone)),
    { step: { do: 'start', ...proof, environment }, undo: putBack(input, target) },
    ...verified(proof, input.hold),
    shift(alone, { active: target, standby: behind }),
    { step: { do: 'verify-live', ...proof }, undo: [] },
    ...when(input.bakeSeconds > 0, { step: { do: 'bake', ...proof, seconds: input.bakeSeconds }, undo: [] }),
  ];
}

/** Proven; and, where it was held, proven again: the very process that was tried is the one that goes live. */
function verified(proof: Proof, hold: boolean): Plan {
  const verify: PlannedStep = { step: { do: 'verify', ...proof }, undo: [] };
  return hold ? [verify, { step: { do: 'hold', ...proof }, undo: [] }, verify] : [verify];
}

/** The idle slot as it was: empty, or with the warm release that the start ended. */
function putBack({ observed, undoInstance }: PlanInput, target: SlotName): Step[] {
  const resident = runningIn(observed.slots, target);
  if (!resident) return [{ do: 'stop', slot: target }];
  const proof = { slot: target, commit: resident.commit, instance: undoInstance, restarts: 0 };
  const { environment = 0 } = resident;
  return [
    { do: 'start', ...proof, environment },
    { do: 'verify', ...proof },
  ];
}

function shift(from: Table, to: Table): PlannedStep {
  return { step: { do: 'shift', to }, undo: [{ do: 'shift', to: from }] };
}

function runningIn(slots: RunningSlot[], name: SlotName | null): RunningSlot | null {
  return slots.find(({ slot, pid }) => slot === name && pid !== null) ?? null;
}

function when(condition: boolean, step: PlannedStep): PlannedStep[] {
  return condition ? [step] : [];
}
