/**
 * Rolling: over the whole pool, a few slots at a time. Their buckets go to the others, they are drained, stopped and
 * started with the release, proven, and get buckets again. Old and new serve side by side until all are new.
 */
import { batchSize } from '../core/batch';
import { KnownError } from '../core/errors';
import type { PlanInput, Strategy } from '../core/interfaces';
import { inService, splitOver } from '../core/traffic-split';
import type { Plan } from '../core/plan';
import type { Proof, SlotName } from '../core/slot';
import type { Table } from '../core/traffic-table';
import { answers, goLive, hasIt, migrate, runningIn, shift, start, verify } from './steps';

export const rolling: Strategy = {
  plan(input) {
    mustBePossible(input);
    const { slots, observed, rolling } = input;
    const serving = aliveInService(input);
    const isDone = (slot: SlotName): boolean => serving.includes(slot) && hasIt(input, slot);
    if (slots.every(isDone)) return [];
    const left = slots.filter((slot) => !isDone(slot));
    // what serves nobody comes first: with it more serve than before, and never fewer
    const idle = left.filter((slot) => !serving.includes(slot));
    // and last the active one, which stands in for every other that crashes
    const busy = left
      .filter((slot) => serving.includes(slot))
      .sort((a, b) => Number(a === observed.table.active) - Number(b === observed.table.active));
    const size = batchSize(rolling.batch, slots.length);
    return replaceInTurn(input, [...chunks(idle, size), ...chunks(busy, size)], true);
  },
};

/**
 * Each batch in turn; in the end all slots that serve have the release.
 * @param onTrial before more users get it, the batch before, which has users by then, must still be what was proven
 */
export function replaceInTurn(input: PlanInput, batches: SlotName[][], onTrial = false): Plan {
  const fresh = new Set(aliveInService(input).filter((slot) => hasIt(input, slot)));
  const holds = input.rolling.onFailure === 'hold';
  const tried = (steps: Plan, first: number): Plan =>
    holds ? steps.map((step) => ({ ...step, again: first })) : steps;
  const replaced = new Set<SlotName>();
  const isNew = (slot: SlotName): boolean => fresh.has(slot);
  const backTo = wayBack(input, replaced, isNew);
  let { table } = input.observed;
  let serving = aliveInService(input);
  const plan = migrate(input);
  let before = { first: 0, proofs: [] as Proof[] };
  for (const batch of batches) {
    const staying = serving.filter((slot) => !batch.includes(slot));
    // the maintenance page stays until the first slot has the release
    const away = staying.length === 0 && table.maintenance ? table : splitOver(staying, isNew);
    const atLast = backTo(serving, table);
    const meanwhile = backTo(staying, away);
    serving = input.slots.filter((slot) => staying.includes(slot) || batch.includes(slot));
    for (const slot of batch) {
      fresh.add(slot);
      replaced.add(slot);
    }
    const back = splitOver(serving, isNew);
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
 * On the way back users get what served before as soon as enough slots have it, and not slot by slot: whoever takes it
 * back wants nobody on the new release. Where it holds for a person, the other slots' release stays.
 * @returns the table over those of the slots that are as before, or the other one where these are too few
 */
function wayBack(
  { rolling: { onFailure, minHealthy } }: PlanInput,
  replaced: Set<SlotName>,
  isNew: (slot: SlotName) => boolean,
): (slots: SlotName[], otherwise: Table) => Table {
  return (slots, otherwise) => {
    const asBefore = slots.filter((slot) => !replaced.has(slot));
    const isEnough = asBefore.length >= Math.max(minHealthy, 1) && asBefore.length < slots.length;
    return isEnough && onFailure === 'undo' ? splitOver(asBefore, isNew) : otherwise;
  };
}

/** A slot whose process is dead serves nobody, whatever the table says; the standby then stands in for all of them. */
export function aliveInService({ observed, slots }: PlanInput): SlotName[] {
  const { table } = observed;
  const named = inService(table);
  const alive = slots.filter((slot) => named.includes(slot) && answers(observed, slot));
  if (alive.length > 0 || named.length === 0) return alive;
  return slots.filter((slot) => slot === table.standby && runningIn(observed, slot)?.status === 'online');
}

/** Each slot its own: through nginx they are told apart by it. */
function newProof({ release, instance }: PlanInput, slot: SlotName): Proof {
  return { slot, commit: release.commit, instance: `${instance}-${slot}`, restarts: 0 };
}

/** Of a slot that has the release already. */
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
      'Make rolling.batch or rolling.minHealthy smaller in the configuration, or have more slots.',
    );
  }
  if (hold || wanted !== null) {
    const why = `Rolling gives a release to all slots; ${hold ? 'it cannot be held for testers' : 'none can be chosen'}.`;
    throw new KnownError('E_STRATEGY', why, 'Use another: npm run -s deploy -- --strategy blue-green');
  }
}

function chunks(slots: SlotName[], size: number): SlotName[][] {
  return slots.length === 0 ? [] : [slots.slice(0, size), ...chunks(slots.slice(size), size)];
}
