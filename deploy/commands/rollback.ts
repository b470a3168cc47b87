/** `rollback [sha]`: makes an earlier release live again. */
import { KnownError } from '../core/errors';
import { requiredRollbackTarget } from '../core/rollback-target';
import type { Commit } from '../core/release';
import { asKnownOnDisk } from '../os/disk-failure';
import { servingNow } from '../health/serving';
import type { DeployContext } from '../context';
import type { Options } from './run-command';
import { openCloneContext } from './run-command';
import { requestAndFollow } from './request';
import { showPlan } from './plan';
import { strategyNamed } from './strategy-option';
import { rollbackWithoutDisk } from './rollback-without-disk';

/** A release that was live before needs no canary. */
const STRATEGIES = ['in-place', 'rolling', 'blue-green'] as const;

export async function rollbackCommand(
  sha: string | undefined,
  options: Options & { strategy?: string; plan?: boolean },
): Promise<number> {
  const context = openCloneContext();
  const strategy = strategyNamed(options.strategy, STRATEGIES);
  // chosen here, to report a mistake before anything is queued
  const commit = sha === undefined ? await lastGood(context) : deployedCommit(context, sha);
  if (options.plan)
    return showPlan(context, commit, { kind: 'rollback', slot: null, hold: false, strategy }, options);
  const request = { kind: 'rollback', trigger: 'command', commit, ...(strategy && { strategy }) } as const;
  try {
    return await requestAndFollow(context, request, options);
  } catch (error) {
    const failure = asKnownOnDisk(context.home.dir, error);
    if (failure.code !== 'E_READ_ONLY') throw failure;
    return rollbackWithoutDisk(context, commit, failure, options);
  }
}

async function lastGood(context: DeployContext): Promise<Commit> {
  const serving = (await servingNow(context)) ?? context.journal.lastLive()?.to;
  return requiredRollbackTarget(context.journal.verdicts(), serving?.commit);
}

/** Finds a commit that was live before by its full or short id. Throws E_REF. */
function deployedCommit(context: DeployContext, sha: string): Commit {
  const lived = context.journal
    .verdicts()
    .flatMap(({ commit, liveAt }) => (commit && liveAt !== null ? [commit] : []));
  const fitting = [...new Set(lived)].filter((commit) => commit.startsWith(sha.toLowerCase()));
  if (fitting.length === 1 && fitting[0] && sha.length >= 4) return fitting[0];
  const why =
    fitting.length > 1
      ? `"${sha}" matches more than one release.`
      : `No release "${sha}" was ever live here.`;
  throw new KnownError('E_REF', why, 'List them: ./switchyard history');
}
