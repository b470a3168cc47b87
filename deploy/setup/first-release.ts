/** Brings something to serve: HEAD the first time, later what was live when everything was stopped. */
import { resolveRef } from '../git/clone';
import { sendCommit } from '../git/mirror';
import { requestDeployment } from '../control-client';
import type { ControlRequest } from '../control';
import { KnownError } from '../core/errors';
import type { ErrorCode } from '../core/errors';
import type { Deployment, Serving } from '../core/types';
import { follow } from '../follow';
import { reporterFor } from '../reporters';
import { servingNow, viewSlots } from '../serving';
import type { Yard } from '../yard';

/**
 * Returns what serves. Throws the cause when it does not come to that.
 * @param dead a deployment that died with the machine. Containers come back with it, so that its release may serve
 * until it is taken back
 */
export async function makeLive(yard: Yard, dead: Deployment | null): Promise<Serving> {
  if (dead) await untilTakenBack(yard, dead);
  const { slots } = await viewSlots(yard);
  const runs = slots.some(({ role, status }) => role === 'active' && status === 'online');
  if (!runs) await followToLive(yard, await whatToStart(yard));
  const serving = await servingNow(yard);
  if (!serving) throw new KnownError('E_NOT_SERVED', 'Nothing serves, though it was started.');
  return serving;
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

async function followToLive(yard: Yard, request: ControlRequest): Promise<void> {
  const { id } = await requestDeployment(yard, request);
  const reporter = reporterFor(process.stdout, yard.journal, false);
  const ended = await follow(yard.home, yard.journal, id, (event) => reporter.event(event));
  if (ended.state === 'succeeded') return;
  const code = (ended.errorCode ?? 'E_INTERNAL') as ErrorCode;
  throw new KnownError(code, ended.cause ?? `The deployment ended as ${ended.state}.`);
}
