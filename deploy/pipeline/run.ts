/**
 * Runs a plan: each step in turn, told in the journal. A failure at one step takes back that step and all
 * before it, last one first: that is the automatic rollback, the same for every strategy.
 */
import { asKnown } from '../core/errors';
import type { Plan, PlannedStep, Step, Table } from '../core/types';
import type { Yard } from '../yard';
import { isStopped, whyItEnds } from './ending';
import { runHook, runHookOrWarn, stageOf } from './hooks';
import type { Outcome, Performance } from './perform';
import { perform } from './perform';

export interface Run extends Performance {
  plan: Plan;
  /** Index of the first step to do: 0, or a later one when a dead process got that far. */
  from: number;
  /** Called when the release is verified through nginx and serves. */
  onLive: () => Promise<void>;
}

/**
 * Returns 'done', or 'ended' when an operator cut the bake short. Throws the KnownError that stopped it,
 * after everything was taken back.
 */
export async function run(yard: Yard, work: Run): Promise<'done' | 'ended'> {
  // a full disk is met here, where nothing has been touched
  await yard.traffic.prepare(tablesOf(work.plan));
  for (let index = work.from; index < work.plan.length; index++) {
    const { step } = work.plan[index] as PlannedStep;
    const stage = stageOf(step, work.plan);
    let begun = index;
    try {
      // a release that is live is not taken back for it: the bake only ends early
      if (!(step.do === 'bake' && isStopped(work.signal))) work.signal?.throwIfAborted();
      if (stage) await runHook(yard, work.deploymentId, `before ${stage}`, work.signal);
      begun = index + 1;
      const outcome = await toldStep(yard, work, step, index, false);
      if (step.do === 'verify-live') await work.onLive();
      // who was told LIVE is not to lose it to a command that comes after it
      if (stage === 'live') await runHookOrWarn(yard, work.deploymentId, 'after live');
      else if (stage) await runHook(yard, work.deploymentId, `after ${stage}`, work.signal);
      if (outcome.ended) return 'ended';
      if (outcome.promoted) index = work.plan.findLastIndex((planned) => planned.step.do === 'judge');
    } catch (error) {
      await undo(yard, work, work.plan.slice(0, begun));
      throw error;
    }
  }
  return 'done';
}

/**
 * Takes back these steps, last one first. One that cannot be taken back is told, and the others are still
 * taken back: traffic must return whatever else fails.
 */
export async function undo(yard: Yard, how: Performance, steps: PlannedStep[]): Promise<void> {
  const thorough: Performance = { ...how, signal: undefined };
  for (const [index, planned] of [...steps.entries()].reverse()) {
    for (const step of planned.undo) {
      try {
        await toldStep(yard, thorough, step, index, true);
      } catch (error) {
        const message = `taking back failed at "${step.do}": ${asKnown(error).message}`;
        await yard.journal.tell(how.deploymentId, { type: 'warning', message });
        break;
      }
    }
  }
}

function tablesOf(plan: Plan): Table[] {
  const steps = plan.flatMap(({ step, undo }) => [step, ...undo]);
  return steps.flatMap((step) => (step.do === 'shift' ? [step.to] : []));
}

async function toldStep(
  yard: Yard,
  how: Performance,
  step: Step,
  index: number,
  isUndo: boolean,
): Promise<Outcome> {
  const phase = { type: 'phase', phase: step.do, step: index, undo: isUndo } as const;
  const { journal } = yard;
  const begun = Date.now();
  await journal.tell(how.deploymentId, { ...phase, status: 'started' });
  try {
    const outcome = await perform(yard, step, how);
    await journal.tell(how.deploymentId, {
      ...phase,
      status: 'done',
      detail: outcome.detail,
      ms: Date.now() - begun,
    });
    return outcome;
  } catch (error) {
    const why = whyItEnds(error, how.signal);
    const detail = why.message;
    await journal.tell(how.deploymentId, { ...phase, status: 'failed', detail, ms: Date.now() - begun });
    throw why;
  }
}
