/** Finishes a deployment: records its final state in the journal and cleans up after it. */
import path from 'node:path';
import { valueAt } from '../config/load';
import { removeEnvironment, pruneEnvironments } from '../config/app-environment';
import { diskReason } from '../core/disk-reason';
import { EMPTY_ENVIRONMENT } from '../core/environment';
import { asKnown, KnownError } from '../core/errors';
import { short } from '../core/format';
import { inService, withoutSlot } from '../core/traffic-split';
import type { Deployment, DeploymentState } from '../core/deployment';
import type { Plan } from '../core/plan';
import type { Commit, Release } from '../core/release';
import type { SlotName } from '../core/slot';
import type { DeployContext } from '../context';
import { runHookOrWarn } from './hooks';
import { checkLive } from './steps/probe-live';
import { fullDisk } from '../health/disk-watch';
import { discardRelease } from '../release/discard';
import { showLiveInPush } from '../git/live-in-push';
import { queueFallback } from './fall-back';
import { foldersInUse } from '../release/folders-in-use';
import { findRelease, isBuiltBy, removeFolder, settleRelease } from '../release/releases';

/** Finishes a deployment that succeeded, whose bake an operator cut short, or that had nothing to do. */
export async function finish(
  context: DeployContext,
  id: number,
  end: 'done' | 'ended' | 'already-live',
): Promise<void> {
  settleLive(context, id);
  if (end === 'ended') {
    const cause = 'an operator rolled it back during its bake';
    await context.journal.move(id, 'rolled-back', { fault: 'operator', cause });
    return;
  }
  // for a restore this is not worth a warning: nothing is left to do
  if (end === 'already-live' && context.journal.get(id)?.kind !== 'restore')
    await context.journal.warn(id, 'this version is already live');
  const crashing = await markCrashing(context, id);
  await context.journal.move(id, 'succeeded');
  await stopCrashing(context, crashing).catch((reason: unknown) =>
    context.journal.record(id, {
      type: 'warning',
      message: `the previous release is still running: ${asKnown(reason).message}`,
    }),
  );
  // a failure is harmless: the next deployment removes them
  await forgetOldVariables(context).catch(() => undefined);
  await showInPush(context, id);
}

/** Runs after the verdict, so that no user waits for it. A failure is harmless: the next release tries again. */
async function showInPush({ home, config, journal }: DeployContext, id: number): Promise<void> {
  const commit = journal.get(id)?.to?.commit;
  if (config.source !== null || commit === undefined) return;
  const hasMoved = await showLiveInPush(home, config.branch, commit).catch(() => false);
  // otherwise the next poll would treat it as a push, and deploy it again after a rollback
  if (hasMoved) await journal.recordTip(home.pushGit, config.branch, commit);
}

/**
 * After the watch has rolled back a crashing release, marks its commit as bad before the rollback is reported. Returns
 * the slot, whose release would crash forever; null for any other deployment.
 */
async function markCrashing(context: DeployContext, id: number): Promise<SlotName | null> {
  const { home, journal } = context;
  const { kind, trigger, from, to, cause } = journal.get(id) ?? {};
  if (kind !== 'rollback' || trigger !== 'watch' || !from || !cause || from.commit === to?.commit)
    return null;
  const deployed = journal
    .history()
    .find((each) => each.kind === 'deploy' && each.commit === from.commit && each.state === 'succeeded');
  const error = new KnownError('E_CRASHES', cause, undefined, 'crashes');
  // on a full disk any release crashes, so the commit is not to blame
  if (deployed && fullDisk(home) === null)
    await journal.note(deployed.id, {
      fault: 'commit',
      errorCode: error.code,
      cause,
      hint: error.hint,
      limit: limitBehind(context, error),
    });
  return from.slot;
}

async function stopCrashing({ traffic, runtime }: DeployContext, slot: SlotName | null): Promise<void> {
  if (slot === null) return;
  const table = await traffic.current();
  if (inService(table).includes(slot) || table.standby === slot) return;
  if (table.assets === slot) await traffic.shift(withoutSlot(table, slot));
  await runtime.stop(slot);
}

/** Finishes a deployment whose branch tip was handled before: it succeeds without doing anything. */
export async function finishAsNothingNew(context: DeployContext, id: number, tip: Commit): Promise<void> {
  const cause = `nothing new: ${short(tip)} was seen before`;
  await context.journal.move(id, 'succeeded', {
    cause,
    hint: `To make it live again: ./switchyard deploy ${short(tip)}`,
  });
}

/** Finishes a deployment that failed and was undone, and removes its release. */
export async function fail(context: DeployContext, id: number, error: KnownError): Promise<void> {
  await bringBackRelease(context, id).catch((reason: unknown) =>
    context.journal.warn(id, `its release stays: ${asKnown(reason).message}`),
  );
  await removeOwnRelease(context, id, error).catch((reason: unknown) =>
    context.journal.warn(id, `its release stays: ${asKnown(reason).message}`),
  );
  // the undo leaves the migration in place
  await checkLive(context, id).catch(() => null);
  const tried = triedEnvironment(context, id);
  // recorded before the hook runs, so that the cause is kept even if the hook fails
  await context.journal.note(id, {
    // the commit was already live with the previous environment
    fault: tried !== null && error.fault === 'commit' ? 'operator' : error.fault,
    errorCode: error.code,
    cause: error.message,
    hint: error.hint,
    limit: limitBehind(context, error),
  });
  await runHookOrWarn(context, id, 'failure');
  await queueEarlier(context, id, error);
  await context.journal.move(id, endState(context, id, error), { cause: error.message });
  // last, because redacting the cause needs these values
  if (tried !== null) removeEnvironment(context.home, tried);
}

/** The setting that led to the failure, with the value that this deployment had. */
function limitBehind({ config }: DeployContext, { limit }: KnownError): Deployment['limit'] {
  return limit === undefined ? null : { name: limit, value: valueAt(config, limit.split('.')) };
}

/** Runs before the deployment finishes, so that clients that follow it find the next attempt. */
async function queueEarlier(context: DeployContext, id: number, error: KnownError): Promise<void> {
  const failed = context.journal.get(id);
  if (failed === null) return;
  await queueFallback(context, failed, error).catch((reason: unknown) =>
    context.journal.warn(id, `no other is tried: ${asKnown(reason).message}`),
  );
}

/** The environment that this deployment tried and that is discarded; null for any other kind. */
function triedEnvironment(context: DeployContext, id: number): number | null {
  const { kind, environment } = context.journal.get(id) ?? {};
  return kind === 'env' ? (environment ?? null) : null;
}

async function forgetOldVariables({ home, journal, runtime }: DeployContext): Promise<void> {
  const running = await runtime.list();
  pruneEnvironments(
    home,
    journal,
    running.map(({ environment }) => environment ?? EMPTY_ENVIRONMENT),
  );
}

/** Keeps or drops the rebuild of a release with changed variables; see settleRelease. */
function settle({ home, journal }: DeployContext, id: number, isLive: boolean): Release | null {
  const commit = journal.get(id)?.commit;
  return commit ? settleRelease(home, commit, id, isLive) : null;
}

/** A failure is harmless: the earlier release's folder stays until its commit is pruned. */
function settleLive(context: DeployContext, id: number): void {
  try {
    settle(context, id, true);
  } catch (error) {
    if (diskReason(error) === null) throw error;
  }
}

/** Restores the release with the earlier variables and removes the rebuilt one. */
async function bringBackRelease(context: DeployContext, id: number): Promise<void> {
  const { home, packing } = context;
  const replacing = settle(context, id, false);
  if (replacing === null || foldersInUse(home).has(path.basename(replacing.dir))) return;
  await packing.remove(replacing.commit, replacing);
  await removeFolder(replacing.dir);
}

/** Removes the release this deployment built; a release that existed before stays. */
async function removeOwnRelease(context: DeployContext, id: number, error: KnownError): Promise<void> {
  const made = context.journal
    .since(0, id)
    .some(({ entry }) => entry.type === 'phase' && entry.phase === 'check out' && entry.status === 'started');
  const commit = context.journal.get(id)?.commit;
  if (!commit) return;
  const isComplete = findRelease(context.home, commit) !== null;
  // a power cut loses the newest events and the release, but the engine may have its image
  const isCutOff = error.code === 'E_INTERRUPTED' && !isComplete;
  if (!made && !isCutOff) return;
  if (isComplete && !isBuiltBy(context.home, commit, id)) return;
  // after a failed undo a process may still run from it
  const runs = (await context.runtime.list()).some((running) => running.commit === commit);
  if (!runs) await discardRelease(context, commit);
}

function endState(context: DeployContext, id: number, error: KnownError): DeploymentState {
  if (error.code === 'E_ABORTED' || error.code === 'E_STOPPED') return 'aborted';
  if (error.code === 'E_INTERRUPTED') return 'interrupted';
  return trafficMoved(context, id) ? 'rolled-back' : 'failed';
}

/** True if users were sent to the new release before it was rolled back. */
function trafficMoved(context: DeployContext, id: number): boolean {
  const to = context.journal.get(id)?.to;
  const plan = context.journal.get(id)?.plan ?? [];
  return context.journal.since(0, id).some(({ entry }) => {
    if (entry.type !== 'phase' || entry.phase !== 'shift' || entry.undo || entry.status !== 'done')
      return false;
    return gaveUsers(plan, entry.step ?? -1, to?.slot);
  });
}

/**
 * True if the shift moves users to a slot that the plan has started, or to the warm slot of a plan that starts nothing.
 */
function gaveUsers(plan: Plan, index: number, warm: SlotName | undefined): boolean {
  const step = plan[index]?.step;
  if (step?.do !== 'shift') return false;
  const started = plan.flatMap(({ step: each }) => (each.do === 'start' ? [each] : []));
  const before = plan.slice(0, index).flatMap(({ step: each }) => (each.do === 'start' ? [each.slot] : []));
  const fresh = started.length === 0 ? [warm] : before;
  return inService(step.to).some((slot) => fresh.includes(slot));
}
