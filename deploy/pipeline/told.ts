/** A phase of a deployment, told in the journal from its start to its end. */
import { asKnown } from '../core/errors';
import type { PhaseName } from '../core/types';
import type { Yard } from '../yard';

/** Does the work and tells that it began, and how it ended and how long it took. */
export async function told<T>(yard: Yard, id: number, phase: PhaseName, work: () => Promise<T>): Promise<T> {
  const { journal } = yard;
  const begun = Date.now();
  await journal.tell(id, { type: 'phase', phase, status: 'started' });
  try {
    const result = await work();
    await journal.tell(id, { type: 'phase', phase, status: 'done', ms: Date.now() - begun });
    return result;
  } catch (error) {
    const detail = asKnown(error).message;
    await journal.tell(id, { type: 'phase', phase, status: 'failed', detail, ms: Date.now() - begun });
    throw error;
  }
}
