/** The releases that a deployment starts, built where they are not there or do not fit this machine any more. */
import { asKnown } from '../core/errors';
import { short } from '../core/format';
import { inService } from '../core/spread';
import type { Commit, Deployment, Observed, Plan, Release } from '../core/types';
import { sourceOf } from '../git/mirror';
import type { Yard } from '../yard';
import type { SettingsReader } from './app-settings';
import { runHook } from './hooks';
import { prepareRelease } from './prepare';
import { whyUnfit } from './release-fitness';
import { findRelease } from './releases';

export interface Preparing {
  yard: Yard;
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
  const { yard, deployment, signal } = work;
  const { kind, id } = deployment;
  const built = findRelease(yard.home, commit);
  if (built === null || kind === 'deploy') return prepare(work, commit);
  if (!starts && kind !== 'restore') return built;
  if (await isReady(yard, built)) return built;
  try {
    return await prepare(work, commit);
  } catch (error) {
    signal.throwIfAborted();
    if (kind !== 'restore' && serves) throw error;
    if (!(await yard.packing.has(built))) throw error;
    const message = `it could not be built again (${asKnown(error).message}), so it is started as it is`;
    await yard.journal.tell(id, { type: 'warning', message });
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
  const { yard, deployment, signal } = work;
  const built = findRelease(yard.home, commit);
  if (built && (await isReady(yard, built))) return;
  await prepare({ ...work, settings: null }, commit).catch(async (error: unknown) => {
    signal.throwIfAborted();
    const message = `${short(commit)} may not start again: ${asKnown(error).message}`;
    await yard.journal.tell(deployment.id, { type: 'warning', message });
  });
}

/** It can be started without any preparation. */
async function isReady(yard: Yard, release: Release): Promise<boolean> {
  return (await whyUnfit(yard, release.commit)) === null && (await yard.packing.has(release));
}

async function prepare(
  { yard, deployment: { id }, settings, signal }: Preparing,
  commit: Commit,
): Promise<Release> {
  await runHook(yard, id, 'before prepare', signal);
  const release = await prepareRelease({
    home: yard.home,
    root: yard.root,
    packing: yard.packing,
    deploymentId: id,
    commit,
    source: sourceOf(yard.home, yard.config.source),
    settings,
    limits: yard.config.limits,
    report: (entry) => yard.journal.tell(id, entry),
    signal,
  });
  await runHook(yard, id, 'after prepare', signal);
  return release;
}
