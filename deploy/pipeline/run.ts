/**
 * Runs a plan: each step in turn, told in the journal. A failure at one step takes back that step and all
 * before it, last one first: that is the automatic rollback, the same for every strategy.
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
import { holdFailed } from './steps/hold-failed-batch';
import { runHook, runHookOrWarn, stageOf } from './hooks';
import { runStep } from './steps';
import type { Outcome, StepContext } from './steps/step-context';
import { waitForListeners } from '../health/wait-for-listener';
import { machineMs } from '../os/machine-clock';

export interface Run extends StepContext {
  plan: Plan;
  /** Index of the first step to do: 0, or a later one when a dead process got that far. */
  from: number;
  /** True for one of which a batch failed before its process died: a person says whether it goes on from there. */
  waits?: boolean;
  /** Called when the release is verified through nginx and serves. */
  onLive: () => Promise<void>;
}

/**
 * Returns 'done', or 'ended' when an operator cut the bake short. Throws the KnownError that stopped it,
 * after everything was taken back.
 */
export async function run(context: DeployContext, work: Run): Promise<'done' | 'ended'> {
  // a full disk is met here, where nothing has been touched
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
  /** Index of the step that failed, and how many have begun. */
  at: number;
  begun: number;
}

async function goFrom(context: DeployContext, work: Run, from: number): Promise<'done' | 'ended' | Failure> {
  const live = work.plan.findIndex(({ step }) => step.do === 'verify-live');
  for (let index = from; index < work.plan.length; index++) {
    const { step } = work.plan[index] as PlannedStep;
    const stage = stageOf(step, work.plan);
    let begun = index;
    try {
      // a release that is live is not taken back for it: the bake only ends early
      const isLive = live !== -1 && index > live;
      if (isLive && step.do === 'stop' && isStopped(work.signal)) return 'done';
      if (!(isLive && isStopped(work.signal))) work.signal?.throwIfAborted();
      if (stage) await runHook(context, work.deploymentId, `before ${stage}`, work.signal);
      begun = index + 1;
      const outcome = await toldStep(context, work, step, index, false);
      if (step.do === 'verify-live') await work.onLive();
      // who was told LIVE is not to lose it to a command that comes after it
      if (stage === 'live') await runHookOrWarn(context, work.deploymentId, 'after live');
      else if (stage) await runHook(context, work.deploymentId, `after ${stage}`, work.signal);
      if (outcome.ended) return 'ended';
      if (outcome.promoted) index = work.plan.findLastIndex((planned) => planned.step.do === 'judge');
    } catch (error) {
      if (isRetiring(step, work)) {
        await warn(context, work, `${step.slot} could not be ended: ${asKnown(error).message}`);
        continue;
      }
      return { error, at: index, begun };
    }
  }
  return 'done';
}

/** What serves nobody any more is no reason to take back what everybody has. A person's word is. */
function isRetiring(step: Step, { plan, signal }: Run): step is Extract<Step, { do: 'stop' }> {
  const live = plan.findIndex((each) => each.step.do === 'verify-live');
  const at = plan.findIndex((each) => each.step === step);
  return step.do === 'stop' && live !== -1 && at > live && !signal?.aborted;
}

/** Returns where to go on, when a person says so. Throws what stopped it, with everything taken back. */
async function takeBack(context: DeployContext, work: Run, { error, at, begun }: Failure): Promise<number> {
  const again = work.plan[at]?.again;
  const waits = again !== undefined && !work.signal?.aborted;
  await undo(context, work, work.plan.slice(0, begun), waits ? again : 0);
  if (!waits) throw error;
  await waitOrTakeBack(context, work, again, asKnown(error));
  return again;
}

async function waitOrTakeBack(
  context: DeployContext,
  work: Run,
  again: number,
  why: KnownError | null,
): Promise<void> {
  try {
    await holdFailed(context, work.deploymentId, why, work.signal);
  } catch (error) {
    await undo(context, work, work.plan.slice(0, again));
    throw cancelReason(error, work.signal);
  }
}

/**
 * Takes back these steps, last one first. One that cannot be taken back is told, and the others are still
 * taken back: traffic must return whatever else fails. It ends where traffic would return to slots of which none could
 * be started, while others serve: taking back the rest would stop these.
 * @param first the steps before this one stay
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
          await warn(
            context,
            how,
            `nothing more is taken back: users stay on ${tableInWords(await context.traffic.current())}`,
          );
          return;
        }
        if (step.do === 'shift') await waitForListeners(context, step.to);
        if (step.do === 'start') await how.beforeStart?.(step.commit);
        await toldStep(context, thorough, step, index, true);
      } catch (error) {
        if (step.do === 'start' || step.do === 'verify') lost.add(step.slot);
        await warn(context, how, `taking back failed at "${step.do}": ${asKnown(error).message}`);
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

function warn(context: DeployContext, { deploymentId }: StepContext, message: string): Promise<void> {
  return context.journal.tell(deploymentId, { type: 'warning', message });
}

function tablesOf(plan: Plan): Table[] {
  const steps = plan.flatMap(({ step, undo }) => [step, ...undo]);
  return steps.flatMap((step) => (step.do === 'shift' ? [step.to] : []));
}

async function toldStep(
  context: DeployContext,
  how: StepContext,
  step: Step,
  index: number,
  isUndo: boolean,
): Promise<Outcome> {
  const phase = { type: 'phase', phase: step.do, step: index, undo: isUndo } as const;
  const { journal } = context;
  const begun = machineMs();
  await journal.tell(how.deploymentId, { ...phase, status: 'started' });
  try {
    const outcome = await runStep(context, step, how);
    await journal.tell(how.deploymentId, {
      ...phase,
      status: 'done',
      detail: outcome.detail,
      ms: machineMs() - begun,
    });
    return outcome;
  } catch (error) {
    const why = cancelReason(blameFullDisk(context.home, error), how.signal);
    const detail = why.message;
    await journal.tell(how.deploymentId, { ...phase, status: 'failed', detail, ms: machineMs() - begun });
    throw why;
  }
}
