/** What to do with a deployment whose process died: finish it or take it back. */
import type { Deployment } from './deployment';
import type { Entry, JournalEvent } from './event';
import type { PlannedStep } from './plan';

export type Recovery =
  /** It never came to its first step: nothing but half-made files is left. */
  | { do: 'discard' }
  /** It was live and verified: go on with the step at `from`. */
  | { do: 'finish'; from: number }
  /** It waited for a person: go on waiting with the step at `from`, if what it holds is still there. */
  | { do: 'hold'; from: number; steps: PlannedStep[] }
  /** A batch of it failed and was taken back; it waits for a person, to try it again from there. */
  | { do: 'wait'; again: number }
  /** Take back these steps, last one first. Of what was taken back already only slots are left, for those that died. */
  | { do: 'undo'; steps: PlannedStep[] };

/** @param events what the journal tells of this deployment */
export function decideRecovery(deployment: Deployment, events: JournalEvent[]): Recovery {
  const { plan } = deployment;
  if (plan === null) return { do: 'discard' };
  const phases = events.flatMap(({ entry }) =>
    entry.type === 'phase' && entry.step !== undefined ? [entry] : [],
  );
  const begun = phases.filter((phase) => !phase.undo).map((phase) => phase.step as number);
  if (begun.length === 0) return { do: 'discard' };
  const undoing = phases.some((phase) => phase.undo);
  const steps = plan
    .slice(0, Math.max(...begun) + 1)
    .map((planned, index) => (isTakenBack(planned, index, phases) ? stillThere(planned) : planned));
  if (deployment.wish === 'abort') return { do: 'undo', steps };
  // whoever was told LIVE is not to lose it to the death of a process that had nothing more to decide
  const live = deployment.state === 'baking' || events.some(({ entry }) => entry.type === 'live');
  if (live && !undoing) return { do: 'finish', from: afterLive(plan, begun) };
  const again = plan[begun.at(-1) as number]?.again;
  if (deployment.state === 'holding' && again !== undefined) return { do: 'wait', again };
  if (deployment.state === 'holding' && !undoing && nothingChangedSince(plan, steps.length)) {
    return { do: 'hold', from: holdStep(plan), steps };
  }
  return { do: 'undo', steps };
}

type Phase = Extract<Entry, { type: 'phase' }>;

/** Taken back to its end, and not done again since. */
function isTakenBack({ undo }: PlannedStep, index: number, phases: Phase[]): boolean {
  const last = phases.findLast(({ step }) => step === index);
  return last?.undo === true && last.status === 'done' && last.phase === undo.at(-1)?.do;
}

/**
 * Users have been given back what served, and are not to be moved once more; what they have got back is only looked at,
 * and started where the machine went down with it.
 */
function stillThere({ step, undo }: PlannedStep): PlannedStep {
  return { step, undo: undo.filter((each) => each.do === 'start' || each.do === 'verify') };
}

/** After a hold only the proof is asked for again, which can be done twice; a shift cannot be guessed at. */
function nothingChangedSince(plan: PlannedStep[], begun: number): boolean {
  return holdStep(plan) !== -1 && plan.slice(holdStep(plan), begun).every(({ undo }) => undo.length === 0);
}

function holdStep(plan: PlannedStep[]): number {
  return plan.findIndex(({ step }) => step.do === 'hold');
}

/** The bake where there is one; a later step where it came that far. */
function afterLive(plan: PlannedStep[], begun: number[]): number {
  const live = plan.findIndex(({ step }) => step.do === 'verify-live');
  return Math.max(live + 1, ...begun);
}
