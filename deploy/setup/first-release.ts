/** Makes a release live: HEAD the first time, later the release that was live when everything was stopped. */
import { resolveRef } from '../git/clone';
import { sendCommit } from '../git/mirror';
import { requestDeployment } from '../client/control-client';
import type { ControlRequest } from '../http/control-api';
import { KnownError } from '../core/errors';
import type { ErrorCode } from '../core/errors';
import { isRevival } from '../core/restore-chain';
import type { Deployment } from '../core/deployment';
import type { Serving } from '../core/slot';
import { follow, untilBranchFollows } from '../client/follow';
import { whyNotStartable } from '../release/fitness';
import { reporterFor } from '../reporters';
import { progress } from './say';
import { servingNow, viewSlots } from '../health/serving';
import type { DeployContext } from '../context';

export type MadeLive =
  /** `failed`: the first attempt, if it failed. */
  | { serving: Serving; failed: Deployment | null }
  /** No release could be started. */
  | { serving: null; failed: Deployment };

/** The maximum number of attempts to follow, because the deployer itself retries forever. */
const MOST_FOLLOWED = 10;

/**
 * Throws the cause if the first release does not become live.
 * @param dead a deployment that died with the machine. Containers come back after a reboot, so its release may be
 * serving until it is rolled back
 */
export async function makeLive(context: DeployContext, dead: Deployment | null): Promise<MadeLive> {
  await ensureTable(context);
  if (dead) await untilTakenBack(context, dead);
  const isDone = (await activeRuns(context)) && (await whyUnfitLive(context)) === null;
  const failed = isDone ? null : await followToLive(context, await whatToStart(context));
  const serving = (await activeRuns(context)) ? await servingNow(context) : null;
  if (failed && context.journal.lastLive() === null) throw asError(failed);
  if (serving) return { serving, failed };
  if (failed) return { serving, failed };
  throw new KnownError('E_NOT_SERVED', 'No release is live, though one was started.');
}

/**
 * Creates a missing table, without which nginx rejects every request. The deployer normally does this, unless it hung.
 */
async function ensureTable({ journal, traffic }: DeployContext): Promise<void> {
  try {
    await traffic.current();
  } catch (error) {
    const live = journal.lastLive()?.to;
    if (!live) throw error;
    await traffic.shift({ active: live.slot, standby: null });
  }
}

/** Why the live release could not be restarted without a build; null if it could or nothing was ever live. */
export async function whyUnfitLive(context: DeployContext): Promise<string | null> {
  const commit = context.journal.lastLive()?.to?.commit;
  return commit === undefined ? null : whyNotStartable(context, commit);
}

async function activeRuns(context: DeployContext): Promise<boolean> {
  const { slots } = await viewSlots(context);
  return slots.some(({ role, status }) => role === 'active' && status === 'online');
}

/** Does not wait for a deployment that is baking (its release is live) or held (only testers use it). */
async function untilTakenBack({ home, journal }: DeployContext, { id }: Deployment): Promise<void> {
  await follow(home, journal, id, () => undefined, { until: ({ state }) => state !== 'running' });
}

async function whatToStart(context: DeployContext): Promise<ControlRequest> {
  const last = context.journal.lastLive()?.to;
  const { active } = await context.traffic.current();
  if (last) return { kind: 'restore', trigger: 'start', commit: last.commit, slot: active ?? last.slot };
  const commit = await resolveRef(context.root, 'HEAD');
  await sendCommit(context.home, context.root, commit);
  return { kind: 'deploy', trigger: 'start', commit };
}

/** Follows the request and the retries after it. Returns the first attempt if it failed, else null. */
async function followToLive(context: DeployContext, request: ControlRequest): Promise<Deployment | null> {
  let next: Deployment | undefined = await requestDeployment(context, request);
  let failed: Deployment | null = null;
  const reporter = reporterFor(progress, context.journal, false);
  for (let count = 0; next && count < MOST_FOLLOWED; count++) {
    const ended = await follow(context.home, context.journal, next.id, (event) => reporter.event(event));
    if (ended.state === 'succeeded') {
      await untilBranchFollows(context.home, context.journal);
      return failed;
    }
    failed ??= ended;
    next = context.journal.pending().find(isRevival);
  }
  return failed;
}

export function asError({ errorCode, cause, hint, state }: Deployment): KnownError {
  const code = (errorCode ?? 'E_INTERNAL') as ErrorCode;
  return new KnownError(code, cause ?? `The deployment ended in the state ${state}.`, hint ?? undefined);
}
