/** What a deployment plans with: what runs, the release, and all that its owner has wished for. */
import { randomBytes } from 'node:crypto';
import { KnownError } from '../core/errors';
import type { Strategy } from '../core/interfaces';
import { inService } from '../core/traffic-split';
import type { StrategyName } from '../core/strategy-choice';
import { strategyFor } from '../core/strategy-choice';
import type { Deployment } from '../core/deployment';
import type { Observed, Plan } from '../core/plan';
import type { AppSettings, Commit, Release } from '../core/release';
import type { SlotName } from '../core/slot';
import { strategies } from '../strategies';
import { restore } from '../strategies/restore';
import type { DeployContext } from '../context';

export type Wishes = Pick<Deployment, 'kind' | 'slot' | 'strategy' | 'branch' | 'hold'>;

/** What was live is brought back where it was, whatever the owner deploys with. */
export function strategyOf(
  { config }: Pick<DeployContext, 'config'>,
  { kind, strategy, branch }: Wishes,
): string {
  if (kind === 'restore') return 'restore';
  const chosen = strategy ?? strategyFor(config.strategy, branch ?? config.branch);
  // what was live before is no canary: it goes back at once
  return kind === 'rollback' && chosen === 'canary' ? 'blue-green' : chosen;
}

/** Throws E_STRATEGY, E_SLOT_ACTIVE. @param release of one that is not built yet what is known of it */
export function makePlan(
  context: Pick<DeployContext, 'config' | 'slots'>,
  wishes: Wishes,
  observed: Observed,
  release: Release,
  environment: number,
): Plan {
  const { kind, slot, hold } = wishes;
  const isNew = kind === 'deploy' || kind === 'env';
  return strategyNamed(strategyOf(context, wishes)).plan({
    observed,
    release,
    slots: context.slots.map(({ name }) => name),
    wanted: kind === 'restore' && !mustBeThere(context, slot, observed, release.commit) ? null : slot,
    environment,
    instance: randomBytes(8).toString('hex'),
    undoInstance: randomBytes(8).toString('hex'),
    // what served before needs no proof that it can, and behind the very first release there is none to go back to
    bakeSeconds: isNew && observed.table.active !== null ? context.config.bake.seconds : 0,
    hold,
    migrate: isNew && release.app.migrate !== null,
    rolling: context.config.rolling,
    canary: context.config.canary,
  });
}

/** What would be planned for a commit that may not be built yet: the clone's own settings stand for the commit's. */
export function likelyPlan(
  context: Pick<DeployContext, 'config' | 'slots'>,
  wishes: Wishes,
  observed: Observed,
  commit: Commit,
  environment: number,
  app: AppSettings = context.config.app,
): Plan {
  const release: Release = { commit, app, version: '', subject: '', dir: '' };
  return makePlan(context, wishes, observed, release, environment);
}

/** The slot whose process is proven to be live; none for a plan that changes nothing. */
export function targetOf(plan: Plan): SlotName | undefined {
  return plan.flatMap(({ step }) => (step.do === 'verify-live' ? [step.slot] : []))[0];
}

function strategyNamed(name: string): Strategy {
  const found: Strategy | undefined = name === 'restore' ? restore : strategies[name as StrategyName];
  if (!found) throw new KnownError('E_STRATEGY', `There is no strategy "${name}".`);
  return found;
}

/** Where it serves already, and where its slot has gone from the configuration, any slot will do. */
function mustBeThere(
  { slots }: Pick<DeployContext, 'slots'>,
  wanted: SlotName | null,
  observed: Observed,
  commit: Commit,
): boolean {
  return slots.some(({ name }) => name === wanted) && !isRestored(observed, commit);
}

/** npm start and the watch may both have asked for it; where it serves and is looked after, nothing is left to do. */
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
