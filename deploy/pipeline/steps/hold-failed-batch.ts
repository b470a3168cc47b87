/**
 * Holds a rolling deployment whose batch failed and was undone. The other slots keep their release, and an operator
 * decides: promote tries the batch again, abort undoes the deployment.
 */
import type { KnownError } from '../../core/errors';
import type { DeployContext } from '../../context';
import { untilPromoted } from './hold';

/**
 * Returns once the batch is to be tried again. Throws the signal's reason, E_ABORTED.
 * @param why null if the deployment was already held when its process died
 */
export async function holdFailedBatch(
  context: DeployContext,
  id: number,
  why: KnownError | null,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { journal } = context;
  // a promotion of an earlier attempt does not apply to this one
  if (why) await journal.hold(id, { request: null, cause: why.message, hint: why.hint });
  await untilPromoted(context, id, signal, () => Promise.resolve(true));
  await journal.move(id, 'running', { request: null, cause: null, hint: null });
}
