/** Observes the current state: the table that nginx reads, the runtime's processes, and whether they respond. */
import type { Observed } from '../core/plan';
import type { RunningSlot } from '../core/slot';
import type { DeployContext } from '../context';
import { probeSlot, retrySilent } from './slot-health';

const STATUS = { good: 'online', bad: 'unhealthy', silent: 'crashed' } as const;

/** A live but silent process counts as crashed, and a process with bad responses as unhealthy. */
export async function observe(context: DeployContext): Promise<Observed> {
  const [table, listed] = await Promise.all([context.traffic.current(), context.runtime.list()]);
  return { table, slots: await Promise.all(listed.map((running) => asItAnswers(context, running))) };
}

async function asItAnswers(context: DeployContext, running: RunningSlot): Promise<RunningSlot> {
  if (running.pid === null) return running;
  const { health } = await retrySilent(() => probeSlot(context, running));
  return { ...running, status: STATUS[health] };
}
