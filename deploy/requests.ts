/** The one call in which every trigger ends. */
import type { Deployment } from './core/types';
import type { Request } from './journal';
import type { Yard } from './yard';

export type RequestDeployment = (request: Omit<Request, 'strategy'>) => Promise<Deployment>;

/** Puts a request into the journal's queue and wakes the dispatcher. Returns the queued deployment. */
export function createRequests(yard: Yard, poke: () => void): RequestDeployment {
  return async (request) => {
    const { journal } = yard;
    const ahead = journal.active();
    const deployment = await journal.request({ ...request, strategy: yard.config.strategy });
    if (ahead && deployment.state === 'queued')
      await journal.tell(deployment.id, { type: 'waiting', behind: ahead.id });
    poke();
    return deployment;
  };
}
