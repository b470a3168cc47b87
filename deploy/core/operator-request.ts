/** Finds the deployment that `promote`, `abort`, `pause` or `resume` applies to. Pure. */
import { isCanary } from './canary/at-work';
import type { ErrorCode } from './errors';
import { KnownError } from './errors';
import { isActive } from './transitions';
import type { Deployment, OperatorRequest } from './deployment';

/**
 * The deployment with that id or, without an id, the one in progress. If none is, an abort applies to the first in the
 * queue. Throws E_NOT_HOLDING, E_NO_CANARY, E_NOTHING_TO_ABORT.
 * @param pending all unfinished deployments
 */
export function decideOperatorRequest(
  pending: Deployment[],
  request: OperatorRequest,
  id: number | null,
): Deployment {
  const atWork = pending.find(({ state }) => isActive(state));
  const meant = id === null ? atWork : pending.find((each) => each.id === id);
  switch (request) {
    case 'promote':
      return promoted(meant, id);
    case 'pause':
    case 'resume':
      return steered(meant, request, id);
    case 'abort':
      return aborted(meant ?? firstOf(pending, id), id);
  }
}

function promoted(meant: Deployment | undefined, id: number | null): Deployment {
  if (!meant || (meant.state !== 'holding' && !isCanary(meant))) {
    const which = meant?.id ?? id;
    const why =
      which === null ? 'No deployment is held.' : `Deployment ${which} is not held${stateOf(meant)}.`;
    throw new KnownError('E_NOT_HOLDING', why);
  }
  return notAborted(meant, 'E_NOT_HOLDING');
}

/** Pause and resume apply only to a canary in progress. */
function steered(meant: Deployment | undefined, request: OperatorRequest, id: number | null): Deployment {
  if (!meant || !isCanary(meant)) {
    const which = meant?.id ?? id;
    const why = which === null ? 'No canary is running.' : `Deployment ${which} is not a running canary.`;
    throw new KnownError('E_NO_CANARY', why);
  }
  if (request === 'resume' && meant.state !== 'holding' && meant.request !== 'pause')
    throw new KnownError(
      'E_NO_CANARY',
      `Deployment ${meant.id} is not paused.`,
      'Check its progress: ./switchyard status',
    );
  return notAborted(meant, 'E_NO_CANARY');
}

function notAborted(meant: Deployment, code: ErrorCode): Deployment {
  if (meant.request === 'abort') throw new KnownError(code, `Deployment ${meant.id} is being aborted.`);
  return meant;
}

function aborted(meant: Deployment | undefined, id: number | null): Deployment {
  if (meant) return meant;
  const why =
    id === null
      ? 'No deployment is running or queued.'
      : `Deployment ${id} is not running or queued, or never existed.`;
  throw new KnownError('E_NOTHING_TO_ABORT', why);
}

function firstOf(pending: Deployment[], id: number | null): Deployment | undefined {
  return id === null ? pending[0] : undefined;
}

function stateOf(deployment: Deployment | undefined): string {
  return deployment ? `: it is ${deployment.state}` : '';
}
