/** The one call in which every trigger ends. */
import type { Deployment } from './core/types';
import type { Request } from './journal/journal';
import type { Yard } from './yard';

export type RequestDeployment = (request: Request) => Promise<Deployment>;

/** Puts a request into the journal's queue and wakes the dispatcher. Returns the queued deployment. */
export function createRequests(yard: Pick<Yard, 'journal'>, poke: () => void): RequestDeployment {
  return async (request) => {
    const deployment = await yard.journal.request(request);
    poke();
    return deployment;
  };
}
