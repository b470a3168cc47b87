/** A phase of a deployment, told in the journal from its start to its end. */
import type { PhaseName } from '../core/types';
import type { Yard } from '../yard';
import { whyItEnds } from './ending';
import { machineMs } from '../os/machine-clock';

/** Does the work and tells that it began, and how it ended and how long it took. @param say a clause about the result */
export async function told<T>(
  yard: Yard,
  id: number,
  phase: PhaseName,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
  say: (result: T) => string = () => '',
): Promise<T> {
  const { journal } = yard;
  const begun = machineMs();
  await journal.tell(id, { type: 'phase', phase, status: 'started' });
  try {
    const result = await work();
    const detail = say(result);
    const ms = machineMs() - begun;
    await journal.tell(id, { type: 'phase', phase, status: 'done', ...(detail && { detail }), ms });
    return result;
  } catch (error) {
    const detail = whyItEnds(error, signal).message;
    await journal.tell(id, { type: 'phase', phase, status: 'failed', detail, ms: machineMs() - begun });
    throw error;
  }
}
