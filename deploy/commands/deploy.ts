/** `deploy [ref]`, `deploy:blue`, `deploy:green`: sends a commit and follows it to its end, or until it is held. */
import { resolveRef, uncommittedCount } from '../git/clone';
import { sendCommit, sourceOf, tipOf, updateMirror } from '../git/mirror';
import { KnownError } from '../core/errors';
import { plural } from '../core/format';
import type { Commit, SlotName } from '../core/types';
import { viewSlots } from '../serving';
import type { Yard } from '../yard';
import type { Options } from './desk';
import { openHere } from './desk';
import { requestAndFollow } from './request';
import { cloneHere } from './where';

export async function deployCommand(
  ref: string | undefined,
  slot: SlotName | null,
  options: Options & { hold?: boolean },
): Promise<number> {
  const yard = openHere();
  if (slot !== null) await mustBeIdle(yard, slot);
  const commit = await sendRef(yard, ref, options);
  const hold = options.hold === true;
  return requestAndFollow(
    yard,
    { kind: 'deploy', trigger: 'command', commit, hold, ...(slot ? { slot } : {}) },
    options,
  );
}

/** Said before anything is sent: the slot that serves is never stopped. */
async function mustBeIdle(yard: Yard, slot: SlotName): Promise<void> {
  const { table, slots } = await viewSlots(yard);
  if (table.active !== slot) return;
  const other = slots.find((view) => view.slot !== slot)?.slot;
  throw new KnownError(
    'E_SLOT_ACTIVE',
    `${slot} serves the users now; a release is only started in an idle slot.`,
    `Deploy to ${other}: npm run -s deploy:${other}`,
  );
}

/** The commit that the ref names in the clone we stand in; on a server without one, in the mirror. */
async function sendRef(yard: Yard, ref: string | undefined, options: Options): Promise<Commit> {
  const clone = await cloneHere();
  if (clone === null) return resolveInMirror(yard, ref);
  const commit = await resolveRef(clone, ref ?? 'HEAD');
  const changed = await uncommittedCount(clone);
  if (changed > 0 && !options.json) {
    console.error(
      `! ${plural(changed, 'changed file')} ${changed === 1 ? 'is' : 'are'} not in this version (git commit first)`,
    );
  }
  await sendCommit(yard.home, clone, commit);
  return commit;
}

async function resolveInMirror(yard: Yard, ref: string | undefined): Promise<Commit> {
  await updateMirror(yard.home, sourceOf(yard.home, yard.config.source));
  return ref === undefined ? tipOf(yard.home, yard.config.branch) : resolveRef(yard.home.mirrorGit, ref);
}
