/** The story of a deployment: which commit, its release, the plan, the steps, the end. */
import { needSentence } from '../core/canary/requests-needed';
import { KnownError } from '../core/errors';
import { isRevival } from '../core/restore-chain';
import { rollbackTarget, schemaNewerThan } from '../core/rollback-target';
import { inService } from '../core/spread';
import { setAside } from '../core/substitute';
import { BUCKETS } from '../core/types';
import type { Commit, Deployment, Observed, Plan, Serving } from '../core/types';
import { numberInForce, numberWanted } from '../app-variables';
import { slotsOf } from '../journal/reader';
import { knownOn } from '../os/disk-failure';
import type { Yard } from '../yard';
import { finish, finishAsNothingNew, fail } from './end';
import type { Ending } from './ending';
import { whyItEnds } from '../core/cancel-reason';
import { pageWhileDown } from './fall-back';
import { goLive, stepContext } from './live';
import { observe } from './observe';
import { beginFlush } from './on-disk';
import { likelyPlan, makePlan, strategyOf, targetOf } from './plan';
import { preflight } from './preflight';
import { refitForUndo, releaseOf, startsAnything } from './release-of';
import { findRelease } from './releases';
import { run } from './run';
import { openSettingsReader } from './app-settings';
import type { NothingNew, Tip } from './tip';
import { chooseTip, fetchTip } from './tip';

/** Takes a queued deployment to its end. Never throws for a known failure: it stands in the journal. */
export async function deploy(yard: Yard, queued: Deployment, ending: Ending): Promise<void> {
  const { id } = queued;
  const { signal } = ending;
  await yard.journal.move(id, 'running', { pid: process.pid });
  try {
    const plan = await preparedPlan(yard, queued, signal);
    if ('nothingNew' in plan) return await finishAsNothingNew(yard, id, plan.nothingNew);
    if (plan.length === 0) return await finish(yard, id, 'already-live');
    const how = stepContext(yard, id, signal);
    const end = await run(yard, { ...how, plan, from: 0, onLive: () => goLive(yard, id, how) });
    await finish(yard, id, end);
  } catch (error) {
    ending.commandsMayRun();
    await fail(yard, id, knownOn(yard.home.dir, error));
  }
}

/** The release made, and what is to be done with it. Throws the signal's reason when somebody ends it. */
async function preparedPlan(yard: Yard, queued: Deployment, signal: AbortSignal): Promise<Plan | NothingNew> {
  const { id } = queued;
  const branch = queued.kind === 'deploy' ? queued.branch : null;
  const settings = branch === null ? null : openSettingsReader(yard.home, id);
  try {
    // git fetches while what runs is looked at
    const fetched = branch === null ? null : fetchTip(yard, queued, branch, signal);
    const [seen, tip] = await bothOf(observe(yard), fetched);
    const observed = isRevival(queued) ? await behindPage(yard, seen) : seen;
    const from = serving(yard, observed);
    const chosen = await chooseCommit(yard, queued, tip, from);
    if ('nothingNew' in chosen) return chosen;
    const { commit } = chosen;
    await yard.journal.note(id, { from, commit, strategy: strategyOf(yard, queued) });
    // what cannot be is refused before anything is prepared for it
    const likely = likelyPlan(yard, queued, observed, commit, chooseEnvironment(yard, queued));
    await preflight(yard, queued, commit, observed, likely);
    const preparing = { yard, deployment: queued, settings, signal };
    const release = await releaseOf(preparing, commit, startsAnything(likely), serves(observed));
    beginFlush(yard, commit);
    const environment = chooseEnvironment(yard, queued);
    const plan = orMadeLive(yard, makePlan(yard, queued, observed, release, environment), observed, commit);
    await refitForUndo(preparing, plan, observed);
    const to = { slot: targetOf(plan) ?? from?.slot ?? '', commit, version: release.version };
    await yard.journal.note(id, { plan, to, environment, version: release.version });
    await tellNeeds(yard, id, plan);
    if (queued.kind === 'rollback') await tellNewerSchema(yard, id, commit);
    return plan;
  } catch (error) {
    throw whyItEnds(error, signal);
  } finally {
    settings?.leave();
  }
}

/** Where no process is left that users could reach, they get the maintenance page from now on. */
async function behindPage(yard: Yard, { table, slots }: Observed): Promise<Observed> {
  return { slots, table: await pageWhileDown(yard, table, slots) };
}

function serves({ table, slots }: Observed): boolean {
  const serving = inService(table);
  return slots.some(({ slot, pid }) => serving.includes(slot) && pid !== null);
}

/** Neither is left alone when the other fails. */
async function bothOf<A, B>(first: Promise<A>, second: Promise<B> | null): Promise<[A, B | null]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

/** The branch's tip in the source, the commit that was named, or what a rollback goes to. */
async function chooseCommit(
  yard: Yard,
  queued: Deployment,
  tip: Commit | null,
  from: Serving | null,
): Promise<Tip> {
  const { kind, branch, commit } = queued;
  if (kind === 'env') return { commit: whatServes(from) };
  if (kind === 'rollback') return { commit: commit ?? rollbackCommit(yard, from) };
  // what was live last: while it waited, that may have become another one
  if (kind === 'restore') return { commit: yard.journal.lastLive()?.to?.commit ?? mustBeNamed(commit) };
  if (branch === null || tip === null) return { commit: mustBeNamed(commit) };
  return chooseTip(yard, queued, branch, tip, from);
}

/** While it waited, that may have become another release. */
function whatServes(from: Serving | null): Commit {
  if (from) return from.commit;
  throw new KnownError('E_ENV', 'Nothing serves that could get it.', 'Start it: npm start');
}

/** A new release gets what waits; what is brought back, what is in force. */
function chooseEnvironment({ home, journal }: Yard, { kind, environment }: Deployment): number {
  if (environment !== null) return environment;
  return kind === 'deploy' ? numberWanted(home, journal) : numberInForce(home, journal);
}

function mustBeNamed(commit: Commit | null): Commit {
  if (commit !== null) return commit;
  throw new KnownError('E_REF', 'The deployment names neither a branch nor a commit.');
}

function rollbackCommit(yard: Yard, from: Serving | null): Commit {
  const target = from && rollbackTarget(yard.journal.verdicts(), from.commit);
  if (target) return target;
  throw new KnownError('E_NOTHING_TO_ROLL_BACK_TO', 'There is no good release before the one that serves.');
}

/** A release that only stands in for the live one already serves: it is proven and becomes the live one. */
function orMadeLive(yard: Yard, plan: Plan, { table, slots }: Observed, commit: Commit): Plan {
  const isLive = yard.journal.lastLive()?.to?.commit === commit;
  const running = slots.find(({ slot }) => slot === table.active);
  if (plan.length > 0 || isLive || running?.commit !== commit) return plan;
  const { slot, instance, restarts } = running;
  return [{ step: { do: 'verify-live', slot, commit, instance, restarts }, undo: [] }];
}

/** Before a canary begins: what it will be able to see. */
async function tellNeeds({ config, journal }: Yard, id: number, plan: Plan): Promise<void> {
  const first = plan.flatMap(({ step }) => (step.do === 'judge' ? [step.share / BUCKETS] : []))[0];
  if (first === undefined) return;
  await journal.tell(id, { type: 'note', message: needSentence(first, config.canary.extraErrors) });
}

/** While the live slot is restarted and another one has its users, the release that they get back is live. */
/** A rollback takes no migration back: the older release meets the schema of a newer one. */
async function tellNewerSchema({ journal }: Yard, id: number, commit: Commit): Promise<void> {
  const newer = schemaNewerThan([...journal.verdicts(commit), ...journal.migrated()], commit);
  if (newer === null) return;
  const message = `the schema is that of deployment ${newer.id}, and stays: a rollback takes no migration back`;
  await journal.tell(id, { type: 'warning', message });
}

function serving(yard: Yard, { table, slots }: Observed): Serving | null {
  const commit = slots.find(({ slot }) => slot === table.active)?.commit;
  const live = yard.journal.lastLive();
  const last = live?.to ?? null;
  if (table.active === null || commit === undefined) return last;
  if (live && setAside(table, slotsOf(live)).length > 0) return last;
  return {
    slot: table.active,
    commit,
    version: findRelease(yard.home, commit)?.version ?? last?.version ?? '',
  };
}
