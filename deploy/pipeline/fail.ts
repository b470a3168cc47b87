/** Finishes a deployment that failed and was undone: removes its release and records the cause and the final state. */
import path from 'node:path';
import { removeEnvironment } from '../config/app-environment';
import { valueAt } from '../config/settings';
import type { Deployment, DeploymentState } from '../core/deployment';
import type { KnownError } from '../core/errors';
import { asKnown } from '../core/errors';
import type { Plan } from '../core/plan';
import type { SlotName } from '../core/slot';
import { inService } from '../core/traffic-split';
import type { DeployContext } from '../context';
import { discardRelease } from '../release/discard';
import { foldersInUse } from '../release/folders-in-use';
import { findRelease, isBuiltBy, removeFolder, settleRelease } from '../release/releases';
import { queueFallback } from './fall-back';
import { runHookOrWarn } from './hooks';
import { checkLive } from './steps/probe-live';

/** Called after the undo. The hook and clients that follow the deployment see the cause and the next attempt. */
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

/** The setting that led to the failure, with its value in this deployment. */
export function limitBehind({ config }: DeployContext, { limit }: KnownError): Deployment['limit'] {
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

/** Restores the release with the earlier variables and removes the rebuilt one. */
async function bringBackRelease(context: DeployContext, id: number): Promise<void> {
  const { home, packing } = context;
  const commit = context.journal.get(id)?.commit;
  const replacing = commit ? settleRelease(home, commit, id, false) : null;
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
