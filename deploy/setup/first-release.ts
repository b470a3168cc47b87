/** Makes a release live: HEAD the first time, later the one that was live when everything was stopped. */
import { resolveRef } from '../git/clone';
import { sendCommit } from '../git/mirror';
import { requestDeployment } from '../control-client';
import type { ControlRequest } from '../control';
import { KnownError } from '../core/errors';
import type { ErrorCode } from '../core/errors';
import { isRevival } from '../core/restore-chain';
import type { Deployment, Serving } from '../core/types';
import { follow } from '../follow';
import { whyNotStartable } from '../pipeline/release-fitness';
import { reporterFor } from '../reporters';
import { servingNow, viewSlots } from '../serving';
import type { Yard } from '../yard';

export interface MadeLive {
  /** Null where no release could be started. */
  serving: Serving | null;
  /** The attempt to start what was live before, where it failed. */
  failed: Deployment | null;
}

/** So many attempts are followed: the deployer's own ones after them have no end. */
const MOST_FOLLOWED = 10;

/**
 * Throws the cause when the first release does not become live.
 * @param dead a deployment that died with the machine. Containers come back with it, so that its release may serve
 * until it is taken back
 */
export async function makeLive(yard: Yard, dead: Deployment | null): Promise<MadeLive> {
  await ensureTable(yard);
  if (dead) await untilTakenBack(yard, dead);
  const isDone = (await activeRuns(yard)) && (await whyUnfitLive(yard)) === null;
  const failed = isDone ? null : await followToLive(yard, await whatToStart(yard));
  const serving = (await activeRuns(yard)) ? await servingNow(yard) : null;
  if (failed && yard.journal.lastLive() === null) throw asError(failed);
  if (!serving && !failed)
    throw new KnownError('E_NOT_SERVED', 'No release is live, though one was started.');
  return { serving, failed };
}

/** Without a table nginx refuses everyone. A deployer makes it again, but one that hung has not. */
async function ensureTable({ journal, traffic }: Yard): Promise<void> {
  try {
    await traffic.current();
  } catch (error) {
    const live = journal.lastLive()?.to;
    if (!live) throw error;
    await traffic.shift({ active: live.slot, standby: null });
  }
}

/** Why what is live could not be started again as it is; null where it could, and where nothing was ever live. */
export async function whyUnfitLive(yard: Yard): Promise<string | null> {
  const commit = yard.journal.lastLive()?.to?.commit;
  return commit === undefined ? null : whyNotStartable(yard, commit);
}

async function activeRuns(yard: Yard): Promise<boolean> {
  const { slots } = await viewSlots(yard);
  return slots.some(({ role, status }) => role === 'active' && status === 'online');
}

/** One that was live already goes on baking, and one that is held serves nobody but testers: neither is waited for. */
async function untilTakenBack({ home, journal }: Yard, { id }: Deployment): Promise<void> {
  await follow(home, journal, id, () => undefined, { until: ({ state }) => state !== 'running' });
}

async function whatToStart(yard: Yard): Promise<ControlRequest> {
  const last = yard.journal.lastLive()?.to;
  const { active } = await yard.traffic.current();
  if (last) return { kind: 'restore', trigger: 'start', commit: last.commit, slot: active ?? last.slot };
  const commit = await resolveRef(yard.root, 'HEAD');
  await sendCommit(yard.home, yard.root, commit);
  return { kind: 'deploy', trigger: 'start', commit };
}

/** Returns the first attempt where it failed, after all that came of it. */
async function followToLive(yard: Yard, request: ControlRequest): Promise<Deployment | null> {
  let next: Deployment | undefined = await requestDeployment(yard, request);
  let failed: Deployment | null = null;
  const reporter = reporterFor(process.stdout, yard.journal, false);
  for (let count = 0; next && count < MOST_FOLLOWED; count++) {
    const ended = await follow(yard.home, yard.journal, next.id, (event) => reporter.event(event));
    if (ended.state === 'succeeded') return failed;
    failed ??= ended;
    next = yard.journal.pending().find(isRevival);
  }
  return failed;
}

function asError({ errorCode, cause, hint, state }: Deployment): KnownError {
  const code = (errorCode ?? 'E_INTERNAL') as ErrorCode;
  return new KnownError(code, cause ?? `The deployment ended as ${state}.`, hint ?? undefined);
}
