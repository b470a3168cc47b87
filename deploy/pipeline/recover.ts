/**
 * Finishes or undoes a deployment whose process died: the journal says how far it got, the table and the
 * processes say what is really there, and every step can be done or undone twice.
 */
import { KnownError, asKnown } from '../core/errors';
import { decideRecovery } from '../core/recovery';
import type { Deployment } from '../core/types';
import type { Yard } from '../yard';
import { fail, finish } from './end';
import { goLive, performance } from './live';
import { removeHalfMade } from './releases';
import { run, undo } from './run';
import { endSurvivors } from './survivors';

export async function recover(yard: Yard, dead: Deployment, signal: AbortSignal): Promise<void> {
  const { id } = dead;
  await endSurvivors(yard.home, id);
  await yard.packing.endRuns();
  await removeHalfMade(yard.home);
  await yard.journal.note(id, { pid: process.pid });
  const decision = decideRecovery(dead, yard.journal.since(0, id));
  const how = performance(yard, id, signal);
  const message =
    decision.do === 'finish' ? 'its process died; the bake goes on' : 'its process died; it is taken back';
  await yard.journal.tell(id, { type: 'warning', message });
  switch (decision.do) {
    case 'discard':
      return fail(yard, id, interrupted());
    case 'undo':
      await undo(yard, how, decision.steps);
      return fail(yard, id, interrupted());
    case 'finish':
      if (await isGone(yard, dead)) {
        const more = 'its release was killed with it, by nothing it did; it is started again';
        await yard.journal.tell(id, { type: 'warning', message: more });
        return finish(yard, id, 'done');
      }
      try {
        const onLive = (): Promise<void> => goLive(yard, id, how.switchBegan);
        await finish(
          yard,
          id,
          await run(yard, { ...how, plan: dead.plan ?? [], from: decision.from, onLive }),
        );
      } catch (error) {
        await fail(yard, id, asKnown(error));
      }
  }
}

/** A release that fails leaves its entry with the process manager. No trace of it: the machine went down. */
async function isGone(yard: Yard, { plan }: Deployment): Promise<boolean> {
  const proof = plan?.flatMap(({ step }) => (step.do === 'verify-live' ? [step] : []))[0];
  return !(await yard.runtime.list()).some(({ instance }) => instance === proof?.instance);
}

function interrupted(): KnownError {
  return new KnownError(
    'E_INTERRUPTED',
    "The deployment's process was killed; everything is as it was before.",
  );
}
