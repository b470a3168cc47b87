/**
 * Provides the releases that a deployment starts, and rebuilds those that are missing or no longer fit this machine.
 */
import { numberInForce } from '../config/app-environment';
import { asKnown } from '../core/errors';
import { short } from '../core/format';
import { inService } from '../core/traffic-split';
import type { Deployment } from '../core/deployment';
import type { Observed, Plan } from '../core/plan';
import type { Commit, Release } from '../core/release';
import { sourceOf } from '../git/mirror';
import type { DeployContext } from '../context';
import type { SettingsReader } from '../release/app-settings';
import { runHook } from './hooks';
import { prepareRelease } from '../release/prepare';
import { whyOtherVariables, whyUnfit } from '../release/fitness';
import { hashInputs } from '../release/inputs';
import { findRelease, isReplacedBy } from '../release/releases';

export interface ReleaseWork {
  context: DeployContext;
  deployment: Deployment;
  /** Number of the environment that the deployment starts its release with. */
  environment: number;
  settings: SettingsReader | null;
  signal: AbortSignal;
}

/**
 * Returns the release of this deployment, built if necessary. A running release needs no build. If a rebuild fails, a
 * restore, or any deployment while no release is live, starts the existing build: without native addons it may run.
 * @param starts whether the plan starts a process of it
 * @param serves whether a release is live
 */
export async function releaseOf(
  work: ReleaseWork,
  commit: Commit,
  starts: boolean,
  serves: boolean,
): Promise<Release> {
  const { context, deployment, signal } = work;
  const { kind, id } = deployment;
  const built = findRelease(context.home, commit);
  if (built === null || kind === 'deploy') return prepare(work, commit);
  if (!starts && kind !== 'restore') return built;
  if ((await isReady(context, built)) && isBuilt(work, commit)) return built;
  try {
    return await prepare(work, commit);
  } catch (error) {
    signal.throwIfAborted();
    if (kind !== 'restore' && serves) throw error;
    if (!(await context.packing.has(built))) throw error;
    const message = `it could not be built again (${asKnown(error).message}), so it is started unchanged`;
    await context.journal.warn(id, message);
    return built;
  }
}

/** True if the release exists, and was built with the deployment's variables if it must match them. */
export function isBuilt(work: Omit<ReleaseWork, 'settings' | 'signal'>, commit: Commit): boolean {
  const { home } = work.context;
  const built = findRelease(home, commit);
  return (
    built !== null && !(wantsOthers(work, built) && whyOtherVariables(home, built, work.environment) !== null)
  );
}

/**
 * Whether an existing release must match the deployment's variables: always for `deploy`, and for `env` if it changes
 * those in force. Otherwise the release keeps its own.
 */
function wantsOthers(
  { context, deployment, environment }: Omit<ReleaseWork, 'settings' | 'signal'>,
  { dir }: Release,
): boolean {
  const { home, journal } = context;
  if (deployment.kind !== 'env') return deployment.kind === 'deploy';
  return hashInputs(home, dir, numberInForce(home, journal)) !== hashInputs(home, dir, environment);
}

export function startsAnything(plan: Plan): boolean {
  return plan.some(({ step }) => step.do === 'start');
}

/** An undo may have to restart the active release, so it must fit this machine before the plan stops it. */
export async function rebuildForUndo(
  work: ReleaseWork,
  plan: Plan,
  { table, slots }: Observed,
): Promise<void> {
  const serving = inService(table);
  const active = slots.filter(({ slot, pid }) => pid !== null && serving.includes(slot));
  const again = plan.flatMap(({ undo }) =>
    undo.flatMap((step) => (step.do === 'start' ? [step.commit] : [])),
  );
  for (const commit of new Set(again.filter((each) => active.some((running) => running.commit === each))))
    await rebuildIfUnfit(work, commit);
}

/** If the release that an undo would start no longer fits this machine, rebuilds it. A failure only logs a warning. */
export async function rebuildIfUnfit(work: Omit<ReleaseWork, 'environment'>, commit: Commit): Promise<void> {
  const { context, deployment, signal } = work;
  // an undo starts the earlier release, which has run until now
  if (isReplacedBy(context.home, commit, deployment.id)) return;
  const built = findRelease(context.home, commit);
  if (built && (await isReady(context, built))) return;
  const inForce = numberInForce(context.home, context.journal);
  await prepare({ ...work, settings: null, environment: inForce }, commit, false).catch(
    async (error: unknown) => {
      signal.throwIfAborted();
      const message = `${short(commit)} may not start again: ${asKnown(error).message}`;
      await context.journal.warn(deployment.id, message);
    },
  );
}

/** True if the release can start without any preparation. */
async function isReady(context: DeployContext, release: Release): Promise<boolean> {
  return (await whyUnfit(context, release.commit)) === null && (await context.packing.has(release));
}

/** @param exactly whether to rebuild a release with different variables */
async function prepare(
  work: ReleaseWork,
  commit: Commit,
  exactly = !isBuilt(work, commit),
): Promise<Release> {
  const { context, deployment, environment, settings, signal } = work;
  const { id } = deployment;
  await runHook(context, id, 'before prepare', signal);
  const release = await prepareRelease({
    home: context.home,
    root: context.root,
    packing: context.packing,
    deploymentId: id,
    commit,
    environment,
    exactly,
    source: sourceOf(context.home, context.config.source),
    settings,
    limits: context.config.limits,
    report: (entry) => context.journal.record(id, entry),
    signal,
  });
  await runHook(context, id, 'after prepare', signal);
  return release;
}
