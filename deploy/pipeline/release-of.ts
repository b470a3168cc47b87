/** The releases that a deployment starts, built where they are not there or do not fit this machine any more. */
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
import { whyUnfit } from '../release/fitness';
import { findRelease } from '../release/releases';

export interface Preparing {
  context: DeployContext;
  deployment: Deployment;
  settings: SettingsReader | null;
  signal: AbortSignal;
}

/**
 * The release that the deployment is about. What runs already needs nothing, and where no release is live even one that
 * cannot be built again is worth a start: without native addons it may well run.
 * @param starts whether the plan starts a process of it
 */
export async function releaseOf(
  work: Preparing,
  commit: Commit,
  starts: boolean,
  serves: boolean,
): Promise<Release> {
  const { context, deployment, signal } = work;
  const { kind, id } = deployment;
  const built = findRelease(context.home, commit);
  if (built === null || kind === 'deploy') return prepare(work, commit);
  if (!starts && kind !== 'restore') return built;
  if (await isReady(context, built)) return built;
  try {
    return await prepare(work, commit);
  } catch (error) {
    signal.throwIfAborted();
    if (kind !== 'restore' && serves) throw error;
    if (!(await context.packing.has(built))) throw error;
    const message = `it could not be built again (${asKnown(error).message}), so it is started as it is`;
    await context.journal.tell(id, { type: 'warning', message });
    return built;
  }
}

export function startsAnything(plan: Plan): boolean {
  return plan.some(({ step }) => step.do === 'start');
}

/** An undo may have to start the active release again: it must fit before the plan stops it. */
export async function refitForUndo(work: Preparing, plan: Plan, { table, slots }: Observed): Promise<void> {
  const serving = inService(table);
  const active = slots.filter(({ slot, pid }) => pid !== null && serving.includes(slot));
  const again = plan.flatMap(({ undo }) =>
    undo.flatMap((step) => (step.do === 'start' ? [step.commit] : [])),
  );
  for (const commit of new Set(again.filter((each) => active.some((running) => running.commit === each))))
    await refit(work, commit);
}

/** Builds a release that an undo starts again where it does not fit this machine any more. A failure is only told. */
export async function refit(work: Preparing, commit: Commit): Promise<void> {
  const { context, deployment, signal } = work;
  const built = findRelease(context.home, commit);
  if (built && (await isReady(context, built))) return;
  await prepare({ ...work, settings: null }, commit).catch(async (error: unknown) => {
    signal.throwIfAborted();
    const message = `${short(commit)} may not start again: ${asKnown(error).message}`;
    await context.journal.tell(deployment.id, { type: 'warning', message });
  });
}

/** It can be started without any preparation. */
async function isReady(context: DeployContext, release: Release): Promise<boolean> {
  return (await whyUnfit(context, release.commit)) === null && (await context.packing.has(release));
}

async function prepare(
  { context, deployment: { id }, settings, signal }: Preparing,
  commit: Commit,
): Promise<Release> {
  await runHook(context, id, 'before prepare', signal);
  const release = await prepareRelease({
    home: context.home,
    root: context.root,
    packing: context.packing,
    deploymentId: id,
    commit,
    source: sourceOf(context.home, context.config.source),
    settings,
    limits: context.config.limits,
    report: (entry) => context.journal.tell(id, entry),
    signal,
  });
  await runHook(context, id, 'after prepare', signal);
  return release;
}
