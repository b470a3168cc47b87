/** Headers with which a local client marks its request, so that it is carried out once, in time, or not at all. */
import type { Request } from 'express';
import type { Asked } from '../journal/journal';

export const ID_HEADER = 'x-switchyard-request';
export const DEADLINE_HEADER = 'x-switchyard-deadline';
export const LONGEST_ID = 100;

/** The headers for a request. A deployer of an older build ignores them. */
export function askedHeaders({ id, deadline }: Required<Asked>): Record<string, string> {
  return { [ID_HEADER]: id, [DEADLINE_HEADER]: String(deadline) };
}

/** The request id and deadline in the client's headers. */
export function askedIn(req: Pick<Request, 'get'>): Asked {
  const id = req.get(ID_HEADER);
  const deadline = deadlineIn(req);
  return { ...(id && { id: id.slice(0, LONGEST_ID) }), ...(deadline !== undefined && { deadline }) };
}

/** Undefined if the header is missing, as from GitHub, or invalid. */
export function deadlineIn(req: Pick<Request, 'get'>): number | undefined {
  const text = req.get(DEADLINE_HEADER) ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
