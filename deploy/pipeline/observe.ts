/** What runs now: the table nginx looks at, the processes the runtime has, and whether they answer. */
import type { Observed, RunningSlot } from '../core/types';
import type { Yard } from '../yard';
import { askSlot, unlessSilent } from './slot-health';

const STATUS = { good: 'online', bad: 'unhealthy', silent: 'crashed' } as const;

/** A process that lives but answers nothing is reported as crashed, one that answers badly as unhealthy. */
export async function observe(yard: Yard): Promise<Observed> {
  const [table, listed] = await Promise.all([yard.traffic.current(), yard.runtime.list()]);
  return { table, slots: await Promise.all(listed.map((running) => asItAnswers(yard, running))) };
}

async function asItAnswers(yard: Yard, running: RunningSlot): Promise<RunningSlot> {
  if (running.pid === null) return running;
  const { health } = await unlessSilent(() => askSlot(yard, running));
  return { ...running, status: STATUS[health] };
}
