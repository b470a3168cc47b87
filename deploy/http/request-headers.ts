/** Headers that a local client adds to its request, so that it is carried out once and in time, or not at all. */
import type { Request } from 'express';
import type { RequestIdentity } from '../journal/journal';

export const ID_HEADER = 'x-switchyard-request';
export const DEADLINE_HEADER = 'x-switchyard-deadline';
export const MAX_ID_LENGTH = 100;

/** The headers for a request. A deployer of an older build ignores them. */
export function identityHeaders({ id, deadline }: Required<RequestIdentity>): Record<string, string> {
  return { [ID_HEADER]: id, [DEADLINE_HEADER]: String(deadline) };
}

/** The request id and deadline in the client's headers. */
export function identityIn(req: Pick<Request, 'get'>): RequestIdentity {
  const id = req.get(ID_HEADER);
  const deadline = deadlineIn(req);
  return { ...(id && { id: id.slice(0, MAX_ID_LENGTH) }), ...(deadline !== undefined && { deadline }) };
}

/** Undefined if the header is missing, as from GitHub, or invalid. */
export function deadlineIn(req: Pick<Request, 'get'>): number | undefined {
  const text = req.get(DEADLINE_HEADER) ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
