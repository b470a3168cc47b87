/**
 * In-place: replaces the active release in its slot while all users get the maintenance page. Needs no memory for a
 * second process, at the cost of downtime from the stop until the release is verified.
 */
import { KnownError } from '../core/errors';
import type { PlanInput, Strategy } from '../core/interfaces';
import type { Plan } from '../core/plan';
import type { SlotName } from '../core/slot';
import type { Table } from '../core/traffic-table';
import { alreadyLive, goLive, migrate, restoreSlot, retireAllBut, shift, start, verify } from './steps';

export const inPlace: Strategy = {
  plan(input) {
    if (alreadyLive(input)) return [];
    mustBePossible(input);
    return replace(input, input.observed.table.active ?? firstSlot(input));
  },
};

function replace(input: PlanInput, slot: SlotName): Plan {
  const { observed, release, instance } = input;
  const { table } = observed;
  const proof = { slot, commit: release.commit, instance, restarts: 0 };
  const live: Table = { active: slot, standby: null };
  const page: Table = { ...live, maintenance: true };
  return [
    ...migrate(input),
    ...shift(table, page),
    { step: { do: 'stop', slot }, undo: restoreSlot(input, slot) },
    // stop the new process, whatever its state, before the old release comes back
    { ...start(input, proof), undo: [{ do: 'stop', slot }] },
    verify(proof),
    ...shift(page, live),
    ...goLive(input, proof),
    ...retireAllBut(input, [slot]),
  ];
}

function mustBePossible({ hold, wanted, observed }: PlanInput): void {
  if (hold) {
    const why = 'An in-place release cannot be tried before users get it.';
    throw new KnownError(
      'E_STRATEGY',
      why,
      'To hold a release, use another strategy: ./switchyard deploy --hold --strategy blue-green',
    );
  }
  if (wanted !== null && wanted !== observed.table.active) {
    const why = `An in-place release replaces the active one, not the one in ${wanted}.`;
    throw new KnownError('E_STRATEGY', why, 'Leave the slot out: ./switchyard deploy --strategy in-place');
  }
}

function firstSlot({ slots }: PlanInput): SlotName {
  const [first] = slots;
  if (first === undefined) throw new KnownError('E_CONFIG', 'No slot is configured.');
  return first;
}
