/** Which deployment a person means with `promote` or `abort`. Pure. */
import { KnownError } from './errors';
import { isActive } from './transitions';
import type { Deployment, Wish } from './types';

/**
 * The deployment that is promoted or aborted: the one with that id, or else the one at work, or, for an abort where
 * none is at work, the first that waits. Throws E_NOT_HOLDING, E_NOTHING_TO_ABORT.
 * @param pending all that are not over
 */
export function decideWish(pending: Deployment[], wish: Wish, id: number | null): Deployment {
  const atWork = pending.find(({ state }) => isActive(state));
  const meant = id === null ? atWork : pending.find((each) => each.id === id);
  return wish === 'promote' ? promoted(meant, id) : aborted(meant ?? firstOf(pending, id), id);
}

function promoted(meant: Deployment | undefined, id: number | null): Deployment {
  if (meant?.state !== 'holding') {
    const which = meant?.id ?? id;
    const why =
      which === null ? 'No deployment is held.' : `Deployment ${which} is not held${stateOf(meant)}.`;
    throw new KnownError('E_NOT_HOLDING', why);
  }
  if (meant.wish === 'abort')
    throw new KnownError('E_NOT_HOLDING', `Deployment ${meant.id} is being aborted.`);
  return meant;
}

function aborted(meant: Deployment | undefined, id: number | null): Deployment {
  if (meant) return meant;
  const why =
    id === null
      ? 'No deployment runs, and none waits.'
      : `Deployment ${id} neither runs nor waits any more, or was never there.`;
  throw new KnownError('E_NOTHING_TO_ABORT', why);
}

function firstOf(pending: Deployment[], id: number | null): Deployment | undefined {
  return id === null ? pending[0] : undefined;
}

function stateOf(deployment: Deployment | undefined): string {
  return deployment ? `: it is ${deployment.state}` : '';
}
