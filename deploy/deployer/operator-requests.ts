/** The single entry point for an operator's promote and abort, from any source. */
import { decideOperatorRequest } from '../core/operator-request';
import type { Deployment, OperatorRequest } from '../core/deployment';
import type { RequestIdentity } from '../journal/journal';
import type { DeployContext } from '../context';

export type RequestOperation = (
  request: OperatorRequest,
  id: number | null,
  asked?: RequestIdentity,
) => Promise<Deployment>;

/**
 * Writes the operator request into the journal, where the deployment's own process reads it. Throws E_NOT_HOLDING,
 * E_NO_CANARY, E_NOTHING_TO_ABORT.
 */
export function createOperatorRequests({ journal }: Pick<DeployContext, 'journal'>): RequestOperation {
  return (request, id, asked) =>
    journal.requestOperation(request, (pending) => decideOperatorRequest(pending, request, id), asked);
}
