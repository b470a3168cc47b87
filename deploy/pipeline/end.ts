/** How a deployment ends in the journal. */
import { discardVariables, forgetVariables } from '../app-variables';
import { EMPTY } from '../core/environment';
import { asKnown, KnownError } from '../core/errors';
import { short } from '../core/format';
import { inService } from '../core/spread';
import type { Commit, DeploymentState, Plan, SlotName } from '../core/types';
import type { Yard } from '../yard';
import { runHookOrWarn } from './hooks';
import { checkLive } from './live-after-migration';
import { fullDisk } from './full-disk';
import { discardRelease } from './discard-release';
import { tryEarlier } from './fall-back';
import { findRelease, isMadeBy } from './releases';

/** It went through: to its end, to a bake that an operator ended, or there was nothing to do. */
export async function finish(yard: Yard, id: number, end: 'done' | 'ended' | 'already-live'): Promise<void> {
  if (end === 'ended') {
    const cause = 'an operator rolled it back during its bake';
    await yard.journal.move(id, 'rolled-back', { fault: 'operator', cause });
    return;
  }
  // a restore has nothing left to do then
  if (end === 'already-live' && yard.journal.get(id)?.kind !== 'restore')
    await yard.journal.tell(id, { type: 'warning', message: 'this version is live already' });
  const crashing = await markCrashing(yard, id);
  await yard.journal.move(id, 'succeeded');
  await stopCrashing(yard, crashing).catch((reason: unknown) =>
    yard.journal.tell(id, {
      type: 'warning',
      message: `the release before still runs: ${asKnown(reason).message}`,
    }),
  );
  // what it could not remove, the next one will
  await forgetOldVariables(yard).catch(() => undefined);
}

/**
 * The watch rolled it back for crashing, and another release took its place well: the commit is marked bad, before
 * the rollback is reported. Returns the slot that would crash for ever; null for any other end.
 */
async function markCrashing({ home, journal }: Yard, id: number): Promise<SlotName | null> {
  const { kind, trigger, from, to, cause } = journal.get(id) ?? {};
  if (kind !== 'rollback' || trigger !== 'watch' || !from || !cause || from.commit === to?.commit)
    return null;
  const deployed = journal
    .history()
    .find((each) => each.kind === 'deploy' && each.commit === from.commit && each.state === 'succeeded');
  const { hint } = new KnownError('E_CRASHES', cause);
  // whatever is live crashes on a full disk
  if (deployed && fullDisk(home) === null)
    await journal.note(deployed.id, { fault: 'commit', errorCode: 'E_CRASHES', cause, hint });
  return from.slot;
}

async function stopCrashing({ traffic, runtime }: Yard, slot: SlotName | null): Promise<void> {
  if (slot === null) return;
  const table = await traffic.current();
  if (inService(table).includes(slot) || table.standby === slot) return;
  await runtime.stop(slot);
}

/** The branch's tip was dealt with before: nothing is done, and nothing was asked for that could fail. */
export async function finishAsNothingNew(yard: Yard, id: number, tip: Commit): Promise<void> {
  const cause = `nothing new: ${short(tip)} was seen before`;
  await yard.journal.move(id, 'succeeded', {
    cause,
    hint: `To make it live again: npm run -s deploy -- ${short(tip)}`,
  });
}

/** It failed and was taken back, its release included. */
export async function fail(yard: Yard, id: number, error: KnownError): Promise<void> {
  await removeOwnRelease(yard, id, error).catch((reason: unknown) =>
    yard.journal.tell(id, { type: 'warning', message: `its release stays: ${asKnown(reason).message}` }),
  );
  // the undo leaves the migration in place
  await checkLive(yard, id).catch(() => null);
  const tried = triedEnvironment(yard, id);
  // before the hook: whatever becomes of that, this is why
  await yard.journal.note(id, {
    // the commit was live with the environment before
    fault: tried !== null && error.fault === 'commit' ? 'operator' : error.fault,
    errorCode: error.code,
    cause: error.message,
    hint: error.hint,
  });
  await runHookOrWarn(yard, id, 'failure');
  await queueEarlier(yard, id, error);
  await yard.journal.move(id, endState(yard, id, error), { cause: error.message });
  // only now: as long as it is kept, no cause can carry a value of it
  if (tried !== null) discardVariables(yard.home, tried);
}

/** Before it is over, so that its followers find the next attempt. */
async function queueEarlier(yard: Yard, id: number, error: KnownError): Promise<void> {
  const failed = yard.journal.get(id);
  if (failed === null) return;
  await tryEarlier(yard, failed, error).catch((reason: unknown) =>
    yard.journal.tell(id, { type: 'warning', message: `no other is tried: ${asKnown(reason).message}` }),
  );
}

/** The environment that it was asked to try, and that is not kept. */
function triedEnvironment(yard: Yard, id: number): number | null {
  const { kind, environment } = yard.journal.get(id) ?? {};
  return kind === 'env' ? (environment ?? null) : null;
}

async function forgetOldVariables({ home, journal, runtime }: Yard): Promise<void> {
  const running = await runtime.list();
  forgetVariables(
    home,
    journal,
    running.map(({ environment }) => environment ?? EMPTY),
  );
}

/** The release that this very deployment has made; one that was there before stays. */
async function removeOwnRelease(yard: Yard, id: number, error: KnownError): Promise<void> {
  const made = yard.journal
    .since(0, id)
    .some(({ entry }) => entry.type === 'phase' && entry.phase === 'check out' && entry.status === 'started');
  const commit = yard.journal.get(id)?.commit;
  if (!commit) return;
  const isComplete = findRelease(yard.home, commit) !== null;
  // a power cut loses the newest events and the release, but the engine may have its image
  const isCutOff = error.code === 'E_INTERRUPTED' && !isComplete;
  if (!made && !isCutOff) return;
  if (isComplete && !isMadeBy(yard.home, commit, id)) return;
  // where taking back failed, a process may still run from it
  const runs = (await yard.runtime.list()).some((running) => running.commit === commit);
  if (!runs) await discardRelease(yard, commit);
}

function endState(yard: Yard, id: number, error: KnownError): DeploymentState {
  if (error.code === 'E_ABORTED' || error.code === 'E_STOPPED') return 'aborted';
  if (error.code === 'E_INTERRUPTED') return 'interrupted';
  return trafficMoved(yard, id) ? 'rolled-back' : 'failed';
}

/** True when users were sent to the new release before it was taken back. */
function trafficMoved(yard: Yard, id: number): boolean {
  const to = yard.journal.get(id)?.to;
  const plan = yard.journal.get(id)?.plan ?? [];
  return yard.journal.since(0, id).some(({ entry }) => {
    if (entry.type !== 'phase' || entry.phase !== 'shift' || entry.undo || entry.status !== 'done')
      return false;
    return gaveUsers(plan, entry.step ?? -1, to?.slot);
  });
}

/** To a slot that the plan had started before, or to the warm one. */
function gaveUsers(plan: Plan, index: number, warm: SlotName | undefined): boolean {
  const step = plan[index]?.step;
  if (step?.do !== 'shift') return false;
  const started = plan.flatMap(({ step: each }) => (each.do === 'start' ? [each] : []));
  const before = plan.slice(0, index).flatMap(({ step: each }) => (each.do === 'start' ? [each.slot] : []));
  const fresh = started.length === 0 ? [warm] : before;
  return inService(step.to).some((slot) => fresh.includes(slot));
}
