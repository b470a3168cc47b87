/** The single entry point for requests from every trigger. */
import type { Deployment } from '../core/deployment';
import type { Request } from '../journal/journal';
import type { DeployContext } from '../context';

export type RequestDeployment = (request: Request) => Promise<Deployment>;

/** Adds a request to the journal's queue and wakes the dispatcher. Returns the queued deployment. */
export function createRequests(context: Pick<DeployContext, 'journal'>, wake: () => void): RequestDeployment {
  return async (request) => {
    const deployment = await context.journal.request(request);
    wake();
    return deployment;
  };
}
