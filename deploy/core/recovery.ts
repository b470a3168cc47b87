/** Decides how to recover a deployment whose process died: finish it or undo it. */
import type { Deployment } from './deployment';
import type { Entry, JournalEvent } from './event';
import type { PlannedStep } from './plan';

export type Recovery =
  /** It never reached its first step and left only unfinished files. */
  | { do: 'discard' }
  /** It was live and verified: continue with the step at `from`. */
  | { do: 'finish'; from: number }
  /** It was holding: continue the hold with the step at `from`, provided the held process is still running. */
  | { do: 'hold'; from: number; steps: PlannedStep[] }
  /** One of its batches failed and was undone; it holds until an operator retries from the step at `again`. */
  | { do: 'wait'; again: number }
  /**
   * Undo these steps, last one first. Steps that were already undone keep only the start and verify of their undo, for
   * slots whose process has died since.
   */
  | { do: 'undo'; steps: PlannedStep[] };

/** @param events the journal's events of this deployment */
export function decideRecovery(deployment: Deployment, events: JournalEvent[]): Recovery {
  const { plan } = deployment;
  if (plan === null) return { do: 'discard' };
  const phases = events.flatMap(({ entry }) =>
    entry.type === 'phase' && entry.step !== undefined ? [entry] : [],
  );
  const started = phases.filter((phase) => !phase.undo).map((phase) => phase.step as number);
  if (started.length === 0) return { do: 'discard' };
  const undoing = phases.some((phase) => phase.undo);
  const steps = plan
    .slice(0, Math.max(...started) + 1)
    .map((planned, index) => (isTakenBack(planned, index, phases) ? stillThere(planned) : planned));
  if (deployment.request === 'abort') return { do: 'undo', steps };
  // a release that was reported live stays live: its verdict was already out
  const live = deployment.state === 'baking' || events.some(({ entry }) => entry.type === 'live');
  if (live && !undoing) return { do: 'finish', from: afterLive(plan, started) };
  const again = plan[started.at(-1) as number]?.again;
  if (deployment.state === 'holding' && again !== undefined) return { do: 'wait', again };
  if (deployment.state === 'holding' && !undoing && nothingChangedSince(plan, steps.length)) {
    return { do: 'hold', from: holdStep(plan), steps };
  }
  return { do: 'undo', steps };
}

type Phase = Extract<Entry, { type: 'phase' }>;

/** The undo finished, and the step was not repeated since. */
function isTakenBack({ undo }: PlannedStep, index: number, phases: Phase[]): boolean {
  const last = phases.findLast(({ step }) => step === index);
  return last?.undo === true && last.status === 'done' && last.phase === undo.at(-1)?.do;
}

/**
 * Traffic has already returned, so no shift is repeated. Verify checks the restored process, and start restarts it if
 * it died with the machine.
 */
function stillThere({ step, undo }: PlannedStep): PlannedStep {
  return { step, undo: undo.filter((each) => each.do === 'start' || each.do === 'verify') };
}

/** After a hold, only a verify can be repeated safely; a step with an undo, such as a shift, cannot. */
function nothingChangedSince(plan: PlannedStep[], started: number): boolean {
  return holdStep(plan) !== -1 && plan.slice(holdStep(plan), started).every(({ undo }) => undo.length === 0);
}

function holdStep(plan: PlannedStep[]): number {
  return plan.findIndex(({ step }) => step.do === 'hold');
}

/** The step after verify-live (the bake, if there is one), or the last step that was started. */
function afterLive(plan: PlannedStep[], started: number[]): number {
  const live = plan.findIndex(({ step }) => step.do === 'verify-live');
  return Math.max(live + 1, ...started);
}
