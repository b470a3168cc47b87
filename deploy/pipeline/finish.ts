/** Finishes a deployment that was not undone: records its final state in the journal and cleans up after it. */
import { pruneEnvironments } from '../config/app-environment';
import { diskReason } from '../core/disk-reason';
import { EMPTY_ENVIRONMENT } from '../core/environment';
import { asKnown, KnownError } from '../core/errors';
import { short } from '../core/format';
import { inService, withoutSlot } from '../core/traffic-split';
import type { Commit } from '../core/release';
import type { SlotName } from '../core/slot';
import type { DeployContext } from '../context';
import { fullDisk } from '../health/disk-watch';
import { showLiveInPush } from '../git/live-in-push';
import { settleRelease } from '../release/releases';
import { limitBehind } from './fail';

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

async function forgetOldVariables({ home, journal, runtime }: DeployContext): Promise<void> {
  const running = await runtime.list();
  pruneEnvironments(
    home,
    journal,
    running.map(({ environment }) => environment ?? EMPTY_ENVIRONMENT),
  );
}

/** A failure is harmless: the earlier release's folder stays until its commit is pruned. */
function settleLive({ home, journal }: DeployContext, id: number): void {
  try {
    const commit = journal.get(id)?.commit;
    if (commit) settleRelease(home, commit, id, true);
  } catch (error) {
    if (diskReason(error) === null) throw error;
  }
}
