/**
 * Runs a plan step by step and logs each step in the journal. When a step fails, it undoes that step and all earlier
 * ones in reverse order: the automatic rollback, the same for every strategy.
 */
import type { KnownError } from '../core/errors';
import { asKnown } from '../core/errors';
import { inService } from '../core/traffic-split';
import { tableInWords } from '../core/traffic-table';
import type { Plan, PlannedStep, Step } from '../core/plan';
import type { SlotName } from '../core/slot';
import type { Table } from '../core/traffic-table';
import { portInUse } from '../os/port-holder';
import type { DeployContext } from '../context';
import { isStopped, cancelReason } from '../core/cancel-reason';
import { blameFullDisk } from '../health/disk-watch';
import { holdFailedBatch } from './steps/hold-failed-batch';
import { runHook, runHookOrWarn, stageOf } from './hooks';
import { runStep } from './steps';
import type { Outcome, StepContext } from './steps/step-context';
import { waitForListeners } from '../health/wait-for-listener';
import type { PhaseReport } from '../journal/phase';
import { phase } from '../journal/phase';

export interface PlanRun extends StepContext {
  plan: Plan;
  /** Index of the first step to run: 0, or where an earlier process died. */
  from: number;
  /** True if a batch had failed before the process died: an operator decides whether to continue from there. */
  waits?: boolean;
  /** Called once the release is live and verified through nginx. */
  onLive: () => Promise<void>;
}

/**
 * Returns 'done', or 'ended' if an operator cut the bake short. After a failure, undoes every step and throws the
 * KnownError that stopped the plan.
 */
export async function run(context: DeployContext, work: PlanRun): Promise<'done' | 'ended'> {
  // a full disk fails here, before anything has changed
  await context.traffic.prepare(tablesOf(work.plan));
  let { from } = work;
  if (work.waits) await waitOrTakeBack(context, work, from, null);
  for (;;) {
    const way = await goFrom(context, work, from);
    if (way === 'done' || way === 'ended') return way;
    from = await takeBack(context, work, way);
  }
}

interface Failure {
  error: unknown;
  /** Index of the failed step, and the number of started steps. */
  at: number;
  started: number;
}

async function goFrom(
  context: DeployContext,
  work: PlanRun,
  from: number,
): Promise<'done' | 'ended' | Failure> {
  const live = work.plan.findIndex(({ step }) => step.do === 'verify-live');
  for (let index = from; index < work.plan.length; index++) {
    const { step } = work.plan[index] as PlannedStep;
    const stage = stageOf(step, work.plan);
    let started = index;
    try {
      // npm stop does not undo a live release; it only ends the bake early
      const isLive = live !== -1 && index > live;
      if (isLive && step.do === 'stop' && isStopped(work.signal)) return 'done';
      if (!(isLive && isStopped(work.signal))) work.signal?.throwIfAborted();
      if (stage) await runHook(context, work.deploymentId, `before ${stage}`, work.signal);
      started = index + 1;
      const outcome = await reportedStep(context, work, step, index, false);
      if (step.do === 'verify-live') await work.onLive();
      // the user has seen LIVE: a failing hook must not undo it
      if (stage === 'live') await runHookOrWarn(context, work.deploymentId, 'after live');
      else if (stage) await runHook(context, work.deploymentId, `after ${stage}`, work.signal);
      if (outcome.ended) return 'ended';
      if (outcome.promoted) index = work.plan.findLastIndex((planned) => planned.step.do === 'judge');
    } catch (error) {
      if (isRetiring(step, work)) {
        await context.journal.warn(
          work.deploymentId,
          `${step.slot} could not be stopped: ${asKnown(error).message}`,
        );
        continue;
      }
      return { error, at: index, started };
    }
  }
  return 'done';
}

/** Failing to stop a retired slot must not roll back a live release; an operator's abort still does. */
function isRetiring(step: Step, { plan, signal }: PlanRun): step is Extract<Step, { do: 'stop' }> {
  const live = plan.findIndex((each) => each.step.do === 'verify-live');
  const at = plan.findIndex((each) => each.step === step);
  return step.do === 'stop' && live !== -1 && at > live && !signal?.aborted;
}

/**
 * If an operator promotes, returns the step to continue at. Otherwise undoes every step and throws the original error.
 */
async function takeBack(
  context: DeployContext,
  work: PlanRun,
  { error, at, started }: Failure,
): Promise<number> {
  const again = work.plan[at]?.again;
  const waits = again !== undefined && !work.signal?.aborted;
  await undo(context, work, work.plan.slice(0, started), waits ? again : 0);
  if (!waits) throw error;
  await waitOrTakeBack(context, work, again, asKnown(error));
  return again;
}

async function waitOrTakeBack(
  context: DeployContext,
  work: PlanRun,
  again: number,
  why: KnownError | null,
): Promise<void> {
  try {
    await holdFailedBatch(context, work.deploymentId, why, work.signal);
  } catch (error) {
    await undo(context, work, work.plan.slice(0, again));
    throw cancelReason(error, work.signal);
  }
}

/**
 * Undoes these steps in reverse order. If one fails, logs a warning and continues, because traffic must return. Stops
 * early if the next shift would move traffic from live slots to slots that all failed to start: undoing the rest would
 * stop the live ones.
 * @param first index of the first step to undo; earlier steps stay
 */
export async function undo(
  context: DeployContext,
  how: StepContext,
  steps: PlannedStep[],
  first = 0,
): Promise<void> {
  const thorough: StepContext = { ...how, signal: undefined };
  const lost = new Set<SlotName>();
  for (const [index, planned] of [...steps.entries()].slice(first).reverse()) {
    for (const step of planned.undo) {
      try {
        if (step.do === 'shift' && (await wouldEndService(context, step.to, lost))) {
          await context.journal.warn(
            how.deploymentId,
            `the undo stops here: users stay on ${tableInWords(await context.traffic.current())}`,
          );
          return;
        }
        if (step.do === 'shift') await waitForListeners(context, step.to);
        if (step.do === 'start') await how.beforeStart?.(step.commit);
        await reportedStep(context, thorough, step, index, true);
      } catch (error) {
        if (step.do === 'start' || step.do === 'verify') lost.add(step.slot);
        await context.journal.warn(
          how.deploymentId,
          `the undo failed at "${step.do}": ${asKnown(error).message}`,
        );
        break;
      }
    }
  }
}

async function wouldEndService(context: DeployContext, to: Table, lost: Set<SlotName>): Promise<boolean> {
  const named = inService(to);
  if (named.length === 0 || !named.every((slot) => lost.has(slot))) return false;
  const present = inService(await context.traffic.current()).filter((slot) => !lost.has(slot));
  return context.slots.some(({ name, port }) => present.includes(name) && portInUse(port));
}

function tablesOf(plan: Plan): Table[] {
  const steps = plan.flatMap(({ step, undo }) => [step, ...undo]);
  return steps.flatMap((step) => (step.do === 'shift' ? [step.to] : []));
}

function reportedStep(
  context: DeployContext,
  how: StepContext,
  step: Step,
  index: number,
  isUndo: boolean,
): Promise<Outcome> {
  const work: PhaseReport = {
    report: (entry) => context.journal.record(how.deploymentId, entry),
    explain: (error) => cancelReason(blameFullDisk(context.home, error), how.signal),
  };
  const key = { phase: step.do, step: index, undo: isUndo };
  return phase(
    work,
    key,
    () => runStep(context, step, how),
    ({ detail }) => detail,
  );
}
