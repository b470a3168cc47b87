/** The one call in which every trigger ends. */
import type { Deployment } from './core/types';
import type { Request } from './journal/journal';
import type { Yard } from './yard';

export type RequestDeployment = (request: Omit<Request, 'strategy'>) => Promise<Deployment>;

/** Puts a request into the journal's queue and wakes the dispatcher. Returns the queued deployment. */
export function createRequests(yard: Pick<Yard, 'journal' | 'config'>, poke: () => void): RequestDeployment {
  return async (request) => {
    const deployment = await yard.journal.request({ ...request, strategy: yard.config.strategy });
    poke();
    return deployment;
  };
}
