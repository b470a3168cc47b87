/** The one call in which every trigger ends. */
import type { Deployment } from '../core/deployment';
import type { Request } from '../journal/journal';
import type { DeployContext } from '../context';

export type RequestDeployment = (request: Request) => Promise<Deployment>;

/** Puts a request into the journal's queue and wakes the dispatcher. Returns the queued deployment. */
export function createRequests(context: Pick<DeployContext, 'journal'>, poke: () => void): RequestDeployment {
  return async (request) => {
    const deployment = await context.journal.request(request);
    poke();
    return deployment;
  };
}
