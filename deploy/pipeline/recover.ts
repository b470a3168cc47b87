/**
 * Finishes or undoes a deployment whose process died. The journal shows how far it got, the table and the processes
 * show what is live, and every step and every undo is safe to repeat.
 */
import type { ErrorCode } from '../core/errors';
import { KnownError } from '../core/errors';
import { decideRecovery } from '../core/recovery';
import type { Deployment } from '../core/deployment';
import type { PlannedStep } from '../core/plan';
import type { Commit } from '../core/release';
import { asKnownOnDisk } from '../os/disk-failure';
import type { DeployContext } from '../context';
import { closePreview } from '../traffic/preview-tokens';
import { fail } from './fail';
import { finish } from './finish';
import type { Cancellation } from './cancellation';
import { abortedByOperator } from '../core/cancel-reason';
import { undoFailed } from './fall-back';
import { goLive, stepContext } from './go-live';
import { rebuildIfUnfit } from './release-of';
import { removeHalfMade } from '../release/releases';
import { run, undo } from './run';
import { killMarkedProcesses } from '../os/marked-processes';
import { verifySlot } from '../health/verify-slot';

export async function recover(
  context: DeployContext,
  dead: Deployment,
  { signal, commandsMayRun }: Cancellation,
): Promise<void> {
  const { id } = dead;
  await killMarkedProcesses(context.home, id);
  await context.packing.killRuns();
  await removeHalfMade(context.home);
  await context.journal.note(id, { pid: process.pid });
  const error = whyItFailed(dead);
  // it was already undone, and died during its failure hook
  if (error) return fail(context, id, error);
  const decision = decideRecovery(dead, context.journal.since(0, id));
  // the machine may have a different Node version now
  const refitting = { context, deployment: dead, settings: null, signal: new AbortController().signal };
  const how = {
    ...stepContext(context, id, signal),
    beforeStart: (commit: Commit): Promise<void> => rebuildIfUnfit(refitting, commit),
  };
  const goOn = async (from: number, waits = false): Promise<void> => {
    const onLive = (): Promise<void> => goLive(context, id, how);
    try {
      await finish(context, id, await run(context, { ...how, plan: dead.plan ?? [], from, waits, onLive }));
    } catch (error) {
      commandsMayRun();
      await fail(context, id, asKnownOnDisk(context.home.dir, error));
    }
  };
  const takeBack = async (steps: PlannedStep[]): Promise<void> => {
    await context.journal.warn(id, 'its process died; its steps are undone');
    closePreview(context.home);
    await undo(context, how, steps);
    commandsMayRun();
    await fail(
      context,
      id,
      dead.request === 'abort' ? abortedByOperator() : interrupted(undoFailed(context, id)),
    );
  };

  switch (decision.do) {
    case 'discard':
      return takeBack([]);
    case 'undo':
      return takeBack(decision.steps);
    case 'hold':
      if (!(await isStillProven(context, dead))) return takeBack(decision.steps);
      await context.journal.warn(id, 'its process died; it stays held');
      return goOn(decision.from);
    case 'wait':
      await context.journal.warn(id, 'its process died; it keeps waiting');
      return goOn(decision.again, true);
    case 'finish':
      await context.journal.warn(id, 'its process died; the bake continues');
      if (!(await isGone(context, dead))) return goOn(decision.from);
      await context.journal.warn(
        id,
        'its release was killed with it through no fault of its own; it is started again',
      );
      return finish(context, id, 'done');
  }
}

/** A hold may continue only with the very process that is held. */
async function isStillProven(context: DeployContext, { plan }: Deployment): Promise<boolean> {
  const proof = plan?.flatMap(({ step }) => (step.do === 'hold' ? [step] : []))[0];
  if (!proof) return false;
  return verifySlot(context, proof).then(
    () => true,
    () => false,
  );
}

function whyItFailed({ errorCode, cause, hint }: Deployment): KnownError | null {
  if (errorCode === null) return null;
  return new KnownError(errorCode as ErrorCode, cause ?? '', hint ?? undefined);
}

/** A release that fails leaves an entry in the process manager, so a missing entry means that the machine went down. */
async function isGone(context: DeployContext, { plan }: Deployment): Promise<boolean> {
  const proof = plan?.flatMap(({ step }) => (step.do === 'verify-live' ? [step] : []))[0];
  return !(await context.runtime.list()).some(({ instance }) => instance === proof?.instance);
}

function interrupted(inPart: boolean): KnownError {
  const now = inPart ? 'and only some of its steps were undone' : 'everything was undone';
  return new KnownError('E_INTERRUPTED', `The deployment's process was killed${inPart ? ',' : ';'} ${now}.`);
}
