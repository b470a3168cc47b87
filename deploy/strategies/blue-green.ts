/**
 * Blue/green: starts the release in an idle slot and shifts all requests to it in one step.
 *
 * The previous slot stays warm as the standby, so a rollback is one rename. With a hold, the verified release waits
 * before the shift until an operator promotes it. Where several slots were live, one of them makes way, and the rest
 * stop at the end.
 */
import { KnownError } from '../core/errors';
import type { PlanInput, Strategy } from '../core/interfaces';
import { slotIsActive } from '../core/pool';
import { inService, withoutSlot } from '../core/traffic-split';
import type { Plan } from '../core/plan';
import type { Proof, RunningSlot, SlotName } from '../core/slot';
import type { Table } from '../core/traffic-table';
import {
  alreadyLive,
  isAnswering,
  goLive,
  runsRelease,
  migrate,
  retireAllBut,
  runningIn,
  shift,
  start,
  verify,
} from './steps';

export const blueGreen: Strategy = {
  plan(input) {
    if (alreadyLive(input)) return [];
    const target = chooseSlot(input);
    const warm = warmRelease(input, target);
    return warm ? shiftToWarm(input, target, warm) : startAndShift(input, target);
  },
};

function chooseSlot(input: PlanInput): SlotName {
  const { observed, slots, wanted } = input;
  const { table } = observed;
  const idle = slots.filter((slot) => slot !== table.active && !inService(table).includes(slot));
  if (wanted !== null && wanted === inService(table)[0] && runningIn(observed, wanted))
    throw slotIsActive(wanted);
  const warm = slots.find((slot) => slot !== table.active && warmRelease(input, slot));
  const makesWay = slots.findLast((slot) => slot !== table.active);
  const chosen = wanted ?? warm ?? idle[0] ?? makesWay ?? slots[0];
  if (chosen === undefined) throw new KnownError('E_CONFIG', 'No slot is configured.');
  return chosen;
}

/** The slot's verified process if it runs this release, and so can take the traffic without a start. */
function warmRelease(input: PlanInput, target: SlotName): RunningSlot | null {
  const { table } = input.observed;
  const proven = table.standby === target || inService(table).includes(target);
  return proven && runsRelease(input, target) ? runningIn(input.observed, target) : null;
}

function shiftToWarm(input: PlanInput, target: SlotName, warm: RunningSlot): Plan {
  const { observed, release } = input;
  const { active } = observed.table;
  const isLeft = active !== null && active !== target && isAnswering(observed, active);
  const proof = { slot: target, commit: release.commit, instance: warm.instance, restarts: warm.restarts };
  return [
    ...verified(proof, input.hold),
    // the release being left is not trusted as a standby, but its open pages still need its files
    ...shift(observed.table, { active: target, standby: null, ...(isLeft && { assets: active }) }),
    ...goLive({ ...input, bakeSeconds: 0 }, proof),
    ...retireAllBut(input, [target, active]),
  ];
}

/** @param target loses its traffic first, to the other live slots or to the standby */
export function startAndShift(input: PlanInput, target: SlotName): Plan {
  const { observed, release, instance } = input;
  const { table } = observed;
  const proof = { slot: target, commit: release.commit, instance, restarts: 0 };
  // an unverified release never becomes the standby, not even in place of a dead one
  const left = table.maintenance ? table : tableBeside(input, target);
  const [stays] = inService(left);
  const behind = stays !== undefined && isAnswering(observed, stays) ? stays : null;
  const live: Table = { active: target, standby: behind };
  return [
    ...migrate(input),
    ...shift(table, left),
    start(input, proof),
    ...verified(proof, input.hold),
    ...shift(left, live),
    ...goLive(input, proof),
    ...retireAllBut(input, [target, behind]),
  ];
}

function tableBeside({ observed }: PlanInput, target: SlotName): Table {
  const { table } = observed;
  const left = withoutSlot(table, target);
  const { standby } = table;
  const isDown = inService(table).length > 0 && inService(left).length === 0;
  const isProven = standby !== target && runningIn(observed, standby)?.status === 'online';
  return isDown && isProven ? { active: standby, standby: null } : left;
}

/** Verifies the release, and again after a hold: the process that goes live must be the held process. */
function verified(proof: Proof, hold: boolean): Plan {
  return hold
    ? [verify(proof), { step: { do: 'hold', ...proof }, undo: [] }, verify(proof)]
    : [verify(proof)];
}
