/** Makes the plan of a deployment from the running processes, the release and the operator's requests. */
import { randomBytes } from 'node:crypto';
import { KnownError } from '../core/errors';
import type { Strategy } from '../core/interfaces';
import { slotsOutOfRotation } from '../core/substitute';
import { inService } from '../core/traffic-split';
import type { StrategyName } from '../core/strategy-choice';
import { isStrategyName, strategyBack, strategyFor } from '../core/strategy-choice';
import type { Deployment } from '../core/deployment';
import type { Observed, Plan } from '../core/plan';
import type { AppSettings, Commit, Release } from '../core/release';
import type { SlotName } from '../core/slot';
import { strategies } from '../strategies';
import { restore } from '../strategies/restore';
import type { DeployContext } from '../context';
import { slotsOf } from '../journal/reader';

export type Requested = Pick<Deployment, 'kind' | 'slot' | 'strategy' | 'branch' | 'hold'>;

/**
 * A restore brings the release back in its own slot. A rollback uses the active release's strategy unless the operator
 * chose another. A new environment and a restart reach all slots in service.
 */
export function strategyOf(
  { config, journal }: Pick<DeployContext, 'config' | 'journal'>,
  { kind, strategy, branch }: Requested,
  { table }: Pick<Observed, 'table'>,
): string {
  if (kind === 'restore') return 'restore';
  const configured = strategyFor(config.strategy, branch ?? config.branch);
  if (strategy !== null) return strategy;
  const slots = inService(table).length;
  if (kind === 'env') return slots > 1 ? 'rolling' : configured;
  // the release takes over from itself, so no configuration needs downtime
  if (kind === 'restart') return slots > 1 ? 'rolling' : 'blue-green';
  return kind === 'rollback' ? strategyBack({ strategy: arrivedBy(journal), slots }, configured) : configured;
}

/** The strategy that made the active release live, apart from a restore since then. */
function arrivedBy(journal: DeployContext['journal']): StrategyName | null {
  const commit = journal.lastLive()?.to?.commit;
  if (commit === undefined) return null;
  const names = journal
    .verdicts(commit)
    .flatMap(({ live, strategy }) => (live === null ? [] : [strategy ?? '']));
  return names.find(isStrategyName) ?? null;
}

/** Throws E_STRATEGY, E_SLOT_ACTIVE. @param release its known facts, if it is not built yet */
export function makePlan(
  context: Pick<DeployContext, 'config' | 'slots' | 'journal'>,
  asked: Requested,
  observed: Observed,
  release: Release,
  environment: number,
): Plan {
  const { kind, slot, hold } = asked;
  const isNew = kind === 'deploy' || kind === 'env';
  return strategyNamed(strategyOf(context, asked, observed)).plan({
    observed,
    release,
    slots: context.slots.map(({ name }) => name),
    wanted: kind === 'restore' && !mustBeThere(context, slot, observed, release.commit) ? null : slot,
    environment,
    instance: randomBytes(8).toString('hex'),
    undoInstance: randomBytes(8).toString('hex'),
    // a rollback needs no bake because its release was live before; the first release has nothing to roll back to
    bakeSeconds: isNew && observed.table.active !== null ? context.config.bake.seconds : 0,
    hold,
    again: kind === 'restart',
    migrate: isNew && release.app.migrate !== null,
    rolling: context.config.rolling,
    canary: context.config.canary,
  });
}

/** Plans for a commit that may not be built yet: the clone's own settings stand in for the commit's. */
export function likelyPlan(
  context: Pick<DeployContext, 'config' | 'slots' | 'journal'>,
  asked: Requested,
  observed: Observed,
  commit: Commit,
  environment: number,
  app: AppSettings = context.config.app,
): Plan {
  const release: Release = { commit, app, version: '', subject: '', dir: '' };
  return makePlan(context, asked, observed, release, environment);
}

/** The slot whose process is verified as live; undefined for a plan that changes nothing. */
export function targetSlot(plan: Plan): SlotName | undefined {
  return plan.flatMap(({ step }) => (step.do === 'verify-live' ? [step.slot] : []))[0];
}

function strategyNamed(name: string): Strategy {
  const found: Strategy | undefined = name === 'restore' ? restore : strategies[name as StrategyName];
  if (!found) throw new KnownError('E_STRATEGY', `There is no strategy "${name}".`);
  return found;
}

/** False if the release is already restored. Also false if its slot is no longer configured: any slot will do then. */
function mustBeThere(
  { slots, journal }: Pick<DeployContext, 'slots' | 'journal'>,
  wanted: SlotName | null,
  observed: Observed,
  commit: Commit,
): boolean {
  if (slots.every(({ name }) => name !== wanted)) return false;
  if (!isRestored(observed, commit)) return true;
  // its users were moved to the other slots of a pool
  const live = journal.lastLive();
  const aside = live === null ? [] : slotsOutOfRotation(observed.table, slotsOf(live));
  const resident = observed.slots.find(({ slot }) => slot === wanted);
  return wanted !== null && aside.includes(wanted) && !isBack(resident, commit);
}

/** True if the release is already live and managed: npm start and the watch may both have requested the restore. */
function isRestored({ table, slots }: Observed, commit: Commit): boolean {
  const serving = inService(table);
  return (
    serving.length > 0 &&
    serving.every((name) =>
      isBack(
        slots.find(({ slot }) => slot === name),
        commit,
      ),
    )
  );
}

function isBack(running: Observed['slots'][number] | undefined, commit: Commit): boolean {
  const answers = running?.status === 'online' || running?.status === 'unhealthy';
  return running?.commit === commit && answers && !running.orphan;
}
