/** Runs one deployment from its commit to its end state. */
import { needSentence } from '../core/canary/requests-needed';
import { KnownError } from '../core/errors';
import { isRevival } from '../core/restore-chain';
import { requiredRollbackTarget, schemaNewerThan } from '../core/rollback-target';
import { printable } from '../core/format';
import { lacksLive } from '../core/lacks-live';
import { inService } from '../core/traffic-split';
import { slotsOutOfRotation } from '../core/substitute';
import { BUCKETS } from '../core/traffic-table';
import type { Deployment } from '../core/deployment';
import type { Observed, Plan } from '../core/plan';
import type { Commit } from '../core/release';
import type { Serving } from '../core/slot';
import { numberInForce, nextNumber } from '../config/app-environment';
import { slotsOf } from '../journal/reader';
import { countLacking } from '../git/live-in-push';
import { asKnownOnDisk } from '../os/disk-failure';
import type { DeployContext } from '../context';
import { fail } from './fail';
import { finish, finishAsNothingNew } from './finish';
import type { Cancellation } from './cancellation';
import { cancelReason } from '../core/cancel-reason';
import { showPageWhileDown } from './fall-back';
import { goLive, stepContext } from './go-live';
import { observe } from '../health/observe';
import { startFlush } from '../release/flush';
import { likelyPlan, makePlan, strategyOf, targetSlot } from './plan';
import { preflight } from './preflight';
import { isBuilt, rebuildForUndo, releaseOf, startsAnything } from './release-of';
import { findRelease } from '../release/releases';
import { run } from './run';
import { openSettingsReader } from '../release/app-settings';
import type { NothingNew, Tip } from './choose-commit';
import { chooseTip, fetchTip } from './choose-commit';

/** Runs a queued deployment to its end. Never throws for a known failure: the journal records it. */
export async function deploy(
  context: DeployContext,
  queued: Deployment,
  ending: Cancellation,
): Promise<void> {
  const { id } = queued;
  const { signal } = ending;
  await context.journal.move(id, 'running', { pid: process.pid });
  try {
    const plan = await preparedPlan(context, queued, signal);
    if ('nothingNew' in plan) return await finishAsNothingNew(context, id, plan.nothingNew);
    if (plan.length === 0) return await finish(context, id, 'already-live');
    const how = stepContext(context, id, signal);
    const end = await run(context, { ...how, plan, from: 0, onLive: () => goLive(context, id, how) });
    await finish(context, id, end);
  } catch (error) {
    ending.commandsMayRun();
    await fail(context, id, asKnownOnDisk(context.home.dir, error));
  }
}

/** Builds the release and plans its deployment. Throws the signal's reason when the deployment is cancelled. */
async function preparedPlan(
  context: DeployContext,
  queued: Deployment,
  signal: AbortSignal,
): Promise<Plan | NothingNew> {
  const { id } = queued;
  const branch = queued.kind === 'deploy' ? queued.branch : null;
  const settings = branch === null ? null : openSettingsReader(context.home, id);
  try {
    // fetch and probe in parallel
    const fetched = branch === null ? null : fetchTip(context, queued, branch, signal);
    const [seen, tip] = await bothOf(observe(context), fetched);
    const observed = isRevival(queued) ? await behindPage(context, seen) : seen;
    const from = serving(context, observed);
    const chosen = await chooseCommit(context, queued, tip, from);
    if ('nothingNew' in chosen) return chosen;
    const { commit } = chosen;
    await context.journal.note(id, { from, commit, strategy: strategyOf(context, queued, observed) });
    // refuse an impossible deployment before preparing anything
    const environment = chooseEnvironment(context, queued);
    const likely = likelyPlan(context, queued, observed, commit, environment);
    const preparing = { context, deployment: queued, environment, settings, signal };
    const wanted = { commit, environment, isBuilt: isBuilt(preparing, commit) };
    const warned = branch === null || from === null ? null : warnOfLacking(context, id, from.commit, commit);
    await bothOf(preflight(context, queued, wanted, observed, likely), warned);
    const release = await releaseOf(preparing, commit, startsAnything(likely), serves(observed));
    startFlush(context, commit);
    const plan = orMadeLive(
      context,
      makePlan(context, queued, observed, release, environment),
      observed,
      commit,
    );
    await rebuildForUndo(preparing, plan, observed);
    const to = { slot: targetSlot(plan) ?? from?.slot ?? '', commit, version: release.version };
    await context.journal.note(id, { plan, to, environment, version: release.version });
    await noteRequestsNeeded(context, id, plan);
    if (queued.kind === 'rollback') await warnOfNewerSchema(context, id, commit);
    return plan;
  } catch (error) {
    throw cancelReason(error, signal);
  } finally {
    settings?.close();
  }
}

/** Shows the maintenance page from now on if no running process can be reached. */
async function behindPage(context: DeployContext, { table, slots }: Observed): Promise<Observed> {
  return { slots, table: await showPageWhileDown(context, table, slots) };
}

function serves({ table, slots }: Observed): boolean {
  const serving = inService(table);
  return slots.some(({ slot, pid }) => serving.includes(slot) && pid !== null);
}

/** Waits for both even when one fails, so that neither is left running. */
async function bothOf<A, B>(first: Promise<A>, second: Promise<B> | null): Promise<[A, B | null]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

/** Returns the branch's tip in the source, the named commit, or the rollback target. */
async function chooseCommit(
  context: DeployContext,
  queued: Deployment,
  tip: Commit | null,
  from: Serving | null,
): Promise<Tip> {
  const { kind, branch, commit } = queued;
  if (kind === 'env' || kind === 'restart') return { commit: whatServes(from) };
  if (kind === 'rollback')
    return { commit: commit ?? requiredRollbackTarget(context.journal.verdicts(), from?.commit) };
  // the release that was live last may have changed while this deployment was queued
  if (kind === 'restore') return { commit: context.journal.lastLive()?.to?.commit ?? mustBeNamed(commit) };
  if (branch === null || tip === null) return { commit: mustBeNamed(commit) };
  return chooseTip(context, queued, branch, tip, from);
}

/** The active release may have changed while this deployment was queued. */
function whatServes(from: Serving | null): Commit {
  if (from) return from.commit;
  throw new KnownError('E_NOT_LIVE', 'No release is live.');
}

/** A new release gets the pending environment; a rollback or restore gets the one in force. */
function chooseEnvironment({ home, journal }: DeployContext, { kind, environment }: Deployment): number {
  if (environment !== null) return environment;
  return kind === 'deploy' ? nextNumber(home, journal) : numberInForce(home, journal);
}

function mustBeNamed(commit: Commit | null): Commit {
  if (commit !== null) return commit;
  throw new KnownError('E_REF', 'The deployment names neither a branch nor a commit.');
}

/** The release is already running as a stand-in for the live one, so verifying it through nginx makes it live. */
function orMadeLive(context: DeployContext, plan: Plan, { table, slots }: Observed, commit: Commit): Plan {
  const isLive = context.journal.lastLive()?.to?.commit === commit;
  const running = slots.find(({ slot }) => slot === table.active);
  if (plan.length > 0 || isLive || running?.commit !== commit) return plan;
  const { slot, instance, restarts } = running;
  return [{ step: { do: 'verify-live', slot, commit, instance, restarts }, undo: [] }];
}

/** Before a canary starts, logs how many requests its verdict needs. */
async function noteRequestsNeeded({ config, journal }: DeployContext, id: number, plan: Plan): Promise<void> {
  const first = plan.flatMap(({ step }) => (step.do === 'judge' ? [step.share / BUCKETS] : []))[0];
  if (first === undefined) return;
  await journal.record(id, { type: 'note', message: needSentence(first, config.canary.extraErrors) });
}

/** Checked before anything is built, because the branch may lack a commit that a command deployed. */
async function warnOfLacking(
  { home, config, journal }: DeployContext,
  id: number,
  live: Commit,
  commit: Commit,
): Promise<void> {
  const lacking = live === commit ? 0 : await countLacking(home, live, commit);
  if (lacking === null || lacking === 0) return;
  const what = config.source === null ? 'this push' : `the tip of ${printable(config.branch)}`;
  await journal.record(id, { type: 'warning', message: `${what} ${lacksLive(lacking)}` });
}

/** A rollback does not undo migrations, so the older release runs on a newer schema. */
async function warnOfNewerSchema({ journal }: DeployContext, id: number, commit: Commit): Promise<void> {
  const newer = schemaNewerThan([...journal.verdicts(commit), ...journal.migrated()], commit);
  if (newer === null) return;
  const message = `the schema stays that of deployment ${newer.id}: a rollback does not undo migrations`;
  await journal.warn(id, message);
}

/** The live release. While its slot restarts and another slot has its users, the journal names it. */
function serving(context: DeployContext, { table, slots }: Observed): Serving | null {
  const commit = slots.find(({ slot }) => slot === table.active)?.commit;
  const live = context.journal.lastLive();
  const last = live?.to ?? null;
  if (table.active === null || commit === undefined) return last;
  if (live && slotsOutOfRotation(table, slotsOf(live)).length > 0) return last;
  return {
    slot: table.active,
    commit,
    version: findRelease(context.home, commit)?.version ?? last?.version ?? '',
  };
}
