/**
 * Rolling: replaces the release in the whole pool, a batch of slots at a time.
 *
 * The batch's buckets go to the other slots; its slots are drained, stopped, started with the release and verified, and
 * get buckets again. Old and new share the traffic until all slots are new.
 */
import { batchSize } from '../core/batch';
import { KnownError } from '../core/errors';
import type { PlanInput, Strategy } from '../core/interfaces';
import { inService, runSameRelease, splitOver } from '../core/traffic-split';
import type { Plan } from '../core/plan';
import type { Proof, SlotName } from '../core/slot';
import type { Table } from '../core/traffic-table';
import { isAnswering, goLive, runsRelease, migrate, runningIn, shift, start, verify } from './steps';

export const rolling: Strategy = {
  plan(input) {
    mustBePossible(input);
    const { slots, observed, rolling } = input;
    const serving = aliveInService(input);
    const isDone = (slot: SlotName): boolean => serving.includes(slot) && runsRelease(input, slot);
    if (slots.every(isDone)) return [];
    const left = slots.filter((slot) => !isDone(slot));
    // idle slots first, because they add capacity before any live slot is taken out
    const idle = left.filter((slot) => !serving.includes(slot));
    // the active slot last, because it takes over for every other slot that crashes
    const busy = left
      .filter((slot) => serving.includes(slot))
      .sort((a, b) => Number(a === observed.table.active) - Number(b === observed.table.active));
    const size = batchSize(rolling.batch, slots.length);
    return replaceInTurn(input, [...chunks(idle, size), ...chunks(busy, size)], true);
  },
};

/**
 * Replaces the batches in turn; in the end every slot in service has the release.
 * @param onTrial true to verify the previous batch again before more users get the release
 */
export function replaceInTurn(input: PlanInput, batches: SlotName[][], onTrial = false): Plan {
  const fresh = new Set(aliveInService(input).filter((slot) => runsRelease(input, slot)));
  const holds = input.rolling.onFailure === 'hold';
  const tried = (steps: Plan, first: number): Plan =>
    holds ? steps.map((step) => ({ ...step, again: first })) : steps;
  const replaced = new Set<SlotName>();
  const split = (slots: SlotName[]): Table => {
    const { commit } = input.release;
    const renewed = [...fresh].map((slot) => ({ slot, commit, environment: input.environment }));
    const uniform = runSameRelease(slots, [...renewed, ...input.observed.slots]);
    return splitOver(slots, (slot) => fresh.has(slot), uniform);
  };
  const backTo = wayBack(input, replaced, split);
  let { table } = input.observed;
  let serving = aliveInService(input);
  const plan = migrate(input);
  let before = { first: 0, proofs: [] as Proof[] };
  for (const batch of batches) {
    const staying = serving.filter((slot) => !batch.includes(slot));
    // the maintenance page stays until the first slot has the release
    const away = staying.length === 0 && table.maintenance ? table : split(staying);
    const atLast = backTo(serving, table);
    const meanwhile = backTo(staying, away);
    serving = input.slots.filter((slot) => staying.includes(slot) || batch.includes(slot));
    for (const slot of batch) {
      fresh.add(slot);
      replaced.add(slot);
    }
    const back = split(serving);
    const proofs = batch.map((slot) => newProof(input, slot));
    const first = plan.length;
    plan.push(
      ...tried(
        [...shift(table, away, atLast), ...proofs.map((proof) => start(input, proof)), ...proofs.map(verify)],
        first,
      ),
      ...tried(onTrial ? before.proofs.map(verify) : [], before.first),
      ...tried(shift(away, back, meanwhile), first),
    );
    before = { first, proofs };
    table = back;
  }
  const started = batches.flat();
  const [proof, ...others] = inService(table).map((slot) =>
    started.includes(slot) ? newProof(input, slot) : proofAsItIs(input, slot),
  );
  return proof ? [...plan, ...goLive(input, proof, others)] : plan;
}

/**
 * On undo, moves all users back to the old release together, as soon as enough slots run it, instead of slot by slot.
 * With `onFailure: 'hold'` the replaced slots keep the new release.
 * @returns the table over the slots that still run the old release, or `otherwise` when these are too few
 */
function wayBack(
  { rolling: { onFailure, minHealthy } }: PlanInput,
  replaced: Set<SlotName>,
  split: (slots: SlotName[]) => Table,
): (slots: SlotName[], otherwise: Table) => Table {
  return (slots, otherwise) => {
    const asBefore = slots.filter((slot) => !replaced.has(slot));
    const isEnough = asBefore.length >= Math.max(minHealthy, 1) && asBefore.length < slots.length;
    return isEnough && onFailure === 'undo' ? split(asBefore) : otherwise;
  };
}

/** The live slots whose process responds. If all are dead, the standby takes over for them. */
export function aliveInService({ observed, slots }: PlanInput): SlotName[] {
  const { table } = observed;
  const named = inService(table);
  const alive = slots.filter((slot) => named.includes(slot) && isAnswering(observed, slot));
  if (alive.length > 0 || named.length === 0) return alive;
  return slots.filter((slot) => slot === table.standby && runningIn(observed, slot)?.status === 'online');
}

/** Each slot has its own instance id, so that responses through nginx can be distinguished. */
function newProof({ release, instance }: PlanInput, slot: SlotName): Proof {
  return { slot, commit: release.commit, instance: `${instance}-${slot}`, restarts: 0 };
}

/** For a slot that already runs the release. */
function proofAsItIs({ observed, release }: PlanInput, slot: SlotName): Proof {
  const { instance = '', restarts = 0 } = runningIn(observed, slot) ?? {};
  return { slot, commit: release.commit, instance, restarts };
}

function mustBePossible({ slots, rolling, hold, wanted }: PlanInput): void {
  const size = batchSize(rolling.batch, slots.length);
  const left = slots.length - size;
  if (left < rolling.minHealthy) {
    throw new KnownError(
      'E_STRATEGY',
      `Of ${slots.length} slots a batch of ${size} leaves ${left} in service, fewer than rolling.minHealthy (${rolling.minHealthy}).`,
      'Make rolling.batch or rolling.minHealthy smaller in the configuration, or add slots.',
    );
  }
  if (hold || wanted !== null) {
    const why = `Rolling gives a release to all slots; ${hold ? 'it cannot be held for testers' : 'none can be chosen'}.`;
    const command = `./switchyard deploy ${hold ? '--hold ' : ''}--strategy blue-green`;
    throw new KnownError('E_STRATEGY', why, `Use another strategy: ${command}`);
  }
}

function chunks(slots: SlotName[], size: number): SlotName[][] {
  return slots.length === 0 ? [] : [slots.slice(0, size), ...chunks(slots.slice(size), size)];
}
