/** `deploy [ref]`, `deploy:blue`, `deploy:green`: sends a commit and follows its deployment until it ends or holds. */
import { branchNamed, resolveRef, uncommittedFiles } from '../git/clone';
import { sendCommit, sourceOf, updateMirror } from '../git/mirror';
import { tipOf } from '../git/mirror-commits';
import { slotIsActive } from '../core/pool';
import type { StrategyName } from '../core/strategy-choice';
import { STRATEGY_NAMES, strategyFor } from '../core/strategy-choice';
import type { Commit } from '../core/release';
import { uncommittedLine } from '../reporters/phrases';
import type { SlotName } from '../core/slot';
import type { DeployContext } from '../context';
import type { Options } from './run-command';
import { openCloneContext } from './run-command';
import { showPlan } from './plan';
import { requestAndFollow } from './request';
import { currentClone } from './current-clone';
import { strategyNamed } from './strategy-option';

export async function deployCommand(
  ref: string | undefined,
  slot: SlotName | null,
  options: Options & { hold?: boolean; strategy?: string; plan?: boolean },
): Promise<number> {
  const context = openCloneContext();
  const strategy = strategyNamed(options.strategy, STRATEGY_NAMES) ?? (await strategyOfBranch(context, ref));
  const hold = options.hold === true;
  if (options.plan)
    return showPlan(
      context,
      await resolveOnly(context, ref),
      { kind: 'deploy', slot, hold, strategy },
      options,
    );
  if (slot !== null && strategyFor(context.config.strategy, null) === 'blue-green')
    await mustBeIdle(context, slot);
  const commit = await sendRef(context, ref, options);
  return requestAndFollow(
    context,
    {
      kind: 'deploy',
      trigger: 'command',
      commit,
      hold,
      ...(strategy && { strategy }),
      ...(slot && { slot }),
    },
    options,
  );
}

/** The strategy of the branch that the ref names, if strategies are configured per branch; otherwise null. */
async function strategyOfBranch(
  { config }: DeployContext,
  ref: string | undefined,
): Promise<StrategyName | null> {
  if (typeof config.strategy === 'string') return null;
  const clone = await currentClone();
  const branch = clone === null ? null : await branchNamed(clone, ref ?? 'HEAD');
  return branch === null ? null : strategyFor(config.strategy, branch);
}

/** Resolves the ref to a commit without sending it. */
async function resolveOnly(context: DeployContext, ref: string | undefined): Promise<Commit> {
  const clone = await currentClone();
  return clone === null
    ? resolveRef(context.home.mirrorGit, ref ?? context.config.branch)
    : resolveRef(clone, ref ?? 'HEAD');
}

/** Throws E_SLOT_ACTIVE before anything is sent, because the active slot is never stopped. */
async function mustBeIdle(context: DeployContext, slot: SlotName): Promise<void> {
  const { active } = await context.traffic.current();
  if (active !== slot) return;
  throw slotIsActive(slot);
}

/** Resolves the ref in the current clone and sends the commit; outside a clone, resolves it in the mirror. */
async function sendRef(context: DeployContext, ref: string | undefined, options: Options): Promise<Commit> {
  const clone = await currentClone();
  if (clone === null) return resolveInMirror(context, ref);
  const commit = await resolveRef(clone, ref ?? 'HEAD');
  const left = uncommittedLine(await uncommittedFiles(clone));
  if (left !== null && !options.json) console.error(left);
  await sendCommit(context.home, clone, commit);
  return commit;
}

async function resolveInMirror(context: DeployContext, ref: string | undefined): Promise<Commit> {
  await updateMirror(context.home, sourceOf(context.home, context.config.source));
  return ref === undefined
    ? tipOf(context.home, context.config.branch)
    : resolveRef(context.home.mirrorGit, ref);
}
