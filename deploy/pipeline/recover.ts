/**
 * Finishes or undoes a deployment whose process died: the journal says how far it got, the table and the
 * processes say what is really there, and every step can be done or undone twice.
 */
import type { ErrorCode } from '../core/errors';
import { KnownError } from '../core/errors';
import { decideRecovery } from '../core/recovery';
import type { Commit, Deployment, PlannedStep } from '../core/types';
import { knownOn } from '../os/disk-failure';
import type { Yard } from '../yard';
import { closePreview } from '../preview/folder';
import { fail, finish } from './end';
import type { Ending } from './ending';
import { abortedByOperator } from '../core/cancel-reason';
import { undoFailed } from './fall-back';
import { goLive, stepContext } from './live';
import { refit } from './release-of';
import { removeHalfMade } from './releases';
import { run, undo } from './run';
import { endSurvivors } from './survivors';
import { verifySlot } from './verify';

export async function recover(
  yard: Yard,
  dead: Deployment,
  { signal, commandsMayRun }: Ending,
): Promise<void> {
  const { id } = dead;
  await endSurvivors(yard.home, id);
  await yard.packing.endRuns();
  await removeHalfMade(yard.home);
  await yard.journal.note(id, { pid: process.pid });
  const error = whyItFailed(dead);
  // it was taken back already, and died in its failure-hook
  if (error) return fail(yard, id, error);
  const decision = decideRecovery(dead, yard.journal.since(0, id));
  // the machine may have got another Node meanwhile
  const refitting = { yard, deployment: dead, settings: null, signal: new AbortController().signal };
  const how = {
    ...stepContext(yard, id, signal),
    beforeStart: (commit: Commit): Promise<void> => refit(refitting, commit),
  };
  const tell = (message: string): Promise<void> => yard.journal.tell(id, { type: 'warning', message });
  const goOn = async (from: number, waits = false): Promise<void> => {
    const onLive = (): Promise<void> => goLive(yard, id, how);
    try {
      await finish(yard, id, await run(yard, { ...how, plan: dead.plan ?? [], from, waits, onLive }));
    } catch (error) {
      commandsMayRun();
      await fail(yard, id, knownOn(yard.home.dir, error));
    }
  };
  const takeBack = async (steps: PlannedStep[]): Promise<void> => {
    await tell('its process died; it is taken back');
    closePreview(yard.home);
    await undo(yard, how, steps);
    commandsMayRun();
    await fail(yard, id, dead.wish === 'abort' ? abortedByOperator() : interrupted(undoFailed(yard, id)));
  };

  switch (decision.do) {
    case 'discard':
      return takeBack([]);
    case 'undo':
      return takeBack(decision.steps);
    case 'hold':
      if (!(await isStillProven(yard, dead))) return takeBack(decision.steps);
      await tell('its process died; it is held on');
      return goOn(decision.from);
    case 'wait':
      await tell('its process died; it waits on');
      return goOn(decision.again, true);
    case 'finish':
      await tell('its process died; the bake goes on');
      if (!(await isGone(yard, dead))) return goOn(decision.from);
      await tell('its release was killed with it, by nothing it did; it is started again');
      return finish(yard, id, 'done');
  }
}

/** The very process that testers have met, and no other, may be held on. */
async function isStillProven(yard: Yard, { plan }: Deployment): Promise<boolean> {
  const proof = plan?.flatMap(({ step }) => (step.do === 'hold' ? [step] : []))[0];
  if (!proof) return false;
  return verifySlot(yard, proof).then(
    () => true,
    () => false,
  );
}

function whyItFailed({ errorCode, cause, hint }: Deployment): KnownError | null {
  if (errorCode === null) return null;
  return new KnownError(errorCode as ErrorCode, cause ?? '', hint ?? undefined);
}

/** A release that fails leaves its entry with the process manager. No trace of it: the machine went down. */
async function isGone(yard: Yard, { plan }: Deployment): Promise<boolean> {
  const proof = plan?.flatMap(({ step }) => (step.do === 'verify-live' ? [step] : []))[0];
  return !(await yard.runtime.list()).some(({ instance }) => instance === proof?.instance);
}

function interrupted(inPart: boolean): KnownError {
  const now = inPart ? 'and was taken back in part only' : 'everything is as it was before';
  return new KnownError('E_INTERRUPTED', `The deployment's process was killed${inPart ? ',' : ';'} ${now}.`);
}
