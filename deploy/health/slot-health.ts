/**
 * Checks whether the process in a slot works. A bad response at its health path means unhealthy, never hung. Silence
 * means hung only if users get no responses either and the process responds to nothing else. A build may leave it
 * little CPU time, and a health path may wait for something that users do not need.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeAnswer } from '../core/interfaces';
import type { RunningSlot, SlotName } from '../core/slot';
import type { SlotHealth } from '../core/watch';
import type { LogPosition } from '../traffic/access-log';
import { hasSlotFailed, logPosition, readRequests } from '../traffic/access-log';
import { answersAtAll, probe } from '../traffic/probe';
import type { DeployContext } from '../context';
import { slotNamed } from '../context';
import { builtHealthPath } from './health-path';

const PROBE_TIMEOUT_MS = 1000;
/** The machine itself may cause a single silence: after a build it may flush its disks for seconds. */
const SILENCES = 3;

export interface SlotAnswer extends ProbeAnswer {
  /** True if the very process answers 200, or if its path was silent but it answered users during that time. */
  works: boolean;
  health: SlotHealth;
}

type Asked = Pick<RunningSlot, 'slot' | 'commit' | 'instance'>;

/** Probes the process's health path once. Never throws. */
export async function probeSlot(
  context: DeployContext,
  { slot, commit, instance }: Asked,
  timeoutMs = PROBE_TIMEOUT_MS,
): Promise<SlotAnswer> {
  const { port } = slotNamed(context, slot);
  const asked = logPosition(context.home);
  // the second probe runs within the same time limit, so that a hung slot is restarted soon
  const [answer, answersElse] = await unlessAnswered(
    probe({ port, path: builtHealthPath(context, commit), timeoutMs }),
    timeoutMs / 2,
    () => answersAtAll(port, timeoutMs / 2),
  );
  const isItself = answer.status === 200 && answer.instance === instance;
  // it may be silent and still answer users: killing it or moving them away would leave them without a server
  const works = isItself || (answer.status === null && hasServedSince(context, slot, asked));
  if (works) return { ...answer, works, health: 'good' };
  return { ...answer, works, health: answer.status === null && !answersElse ? 'silent' : 'bad' };
}

/** Sends a second probe when the first has no answer after a while. */
async function unlessAnswered(
  first: Promise<ProbeAnswer>,
  patienceMs: number,
  second: () => Promise<boolean>,
): Promise<[ProbeAnswer, boolean]> {
  const early = await Promise.race([first, sleep(patienceMs, null, { ref: false })]);
  if (early !== null && early.status !== null) return [early, true];
  return Promise.all([first, second()]);
}

/** Returns the first answer, or the last of several silences. Throws the signal's reason. */
export async function retrySilent<T extends Pick<SlotAnswer, 'status'> & Partial<SlotAnswer>>(
  question: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  for (let asked = 1; ; asked++) {
    const answer = await question();
    signal?.throwIfAborted();
    if (answer.status !== null || answer.works || asked === SILENCES) return answer;
  }
}

/** True if nginx's log shows that the slot has answered a request without a 5xx. */
function hasServedSince({ home }: DeployContext, slot: SlotName, since: LogPosition): boolean {
  const { requests } = readRequests(home, since);
  return requests.some((entry) => entry.slot === slot && hasSlotFailed(entry) === false);
}
