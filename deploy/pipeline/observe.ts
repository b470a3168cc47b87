/** What runs now: the table nginx looks at, the processes the runtime has, and whether they answer. */
import type { Observed, RunningSlot } from '../core/types';
import { probe } from '../traffic/probe';
import { builtHealthPath } from './health-path';
import type { Yard } from '../yard';
import { slotNamed } from '../yard';

const PROBE_TIMEOUT_MS = 1000;

/** A process that lives but does not answer as itself is reported as crashed: nobody may rely on it. */
export async function observe(yard: Yard): Promise<Observed> {
  const [table, listed] = await Promise.all([yard.traffic.current(), yard.runtime.list()]);
  return { table, slots: await Promise.all(listed.map((running) => asItAnswers(yard, running))) };
}

async function asItAnswers(yard: Yard, running: RunningSlot): Promise<RunningSlot> {
  if (running.pid === null) return running;
  const { port } = slotNamed(yard, running.slot);
  const answer = await probe({
    port,
    path: builtHealthPath(yard, running.commit),
    timeoutMs: PROBE_TIMEOUT_MS,
  });
  const answers = answer.status === 200 && answer.instance === running.instance;
  return { ...running, status: answers ? 'online' : 'crashed' };
}
