/**
 * A batch of a rolling deployment failed, and its slots are as they were. The others keep what they have, and a person
 * decides: promote tries the batch again, abort puts everything back.
 */
import type { KnownError } from '../../core/errors';
import type { DeployContext } from '../../context';
import { untilPromoted } from './hold';

/**
 * Returns when it is to be tried again. Throws what ends it: the signal's reason, E_ABORTED.
 * @param why null for one that was held already when its process died
 */
export async function holdFailed(
  context: DeployContext,
  id: number,
  why: KnownError | null,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { journal } = context;
  // the yes to an earlier try is none to this one
  if (why) await journal.hold(id, { wish: null, cause: why.message, hint: why.hint });
  await untilPromoted(context, id, signal, () => Promise.resolve(true));
  await journal.move(id, 'running', { wish: null, cause: null, hint: null });
}
