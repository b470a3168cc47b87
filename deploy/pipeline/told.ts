/** A phase of a deployment, told in the journal from its start to its end. */
import type { PhaseName } from '../core/types';
import type { Yard } from '../yard';
import { whyItEnds } from './ending';

/** Does the work and tells that it began, and how it ended and how long it took. */
export async function told<T>(
  yard: Yard,
  id: number,
  phase: PhaseName,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const { journal } = yard;
  const begun = Date.now();
  await journal.tell(id, { type: 'phase', phase, status: 'started' });
  try {
    const result = await work();
    await journal.tell(id, { type: 'phase', phase, status: 'done', ms: Date.now() - begun });
    return result;
  } catch (error) {
    const detail = whyItEnds(error, signal).message;
    await journal.tell(id, { type: 'phase', phase, status: 'failed', detail, ms: Date.now() - begun });
    throw error;
  }
}
