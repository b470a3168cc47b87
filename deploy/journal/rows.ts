/** A deployment's row in SQLite: its state in a column for queries, and the rest as JSON. */
import type { Deployment, DeploymentState } from '../core/deployment';

export interface DeploymentRow {
  id: number;
  delivery: string | null;
  state: DeploymentState;
  body: string;
  /** The order in which releases went live; null for a deployment that did not. */
  live: number | null;
}

/** The facts of a deployment that was only requested. */
export const INITIAL_FACTS = {
  environment: null,
  expected: null,
  request: null,
  version: null,
  from: null,
  to: null,
  plan: null,
  pid: null,
  fault: null,
  errorCode: null,
  cause: null,
  hint: null,
  limit: null,
  startedAt: null,
  heldAt: null,
  promotedAt: null,
  liveAt: null,
  live: null,
  finishedAt: null,
  served: null,
  failed: null,
  downMs: null,
  migration: null,
} satisfies Partial<Deployment>;

export function fromRow(row: DeploymentRow): Deployment {
  const body = JSON.parse(row.body) as Omit<Deployment, 'id' | 'state' | 'delivery'>;
  // rows of an older kit lack some fields
  return {
    ...body,
    hold: body.hold ?? false,
    environment: body.environment ?? null,
    expected: body.expected ?? null,
    request: body.request ?? null,
    heldAt: body.heldAt ?? null,
    promotedAt: body.promotedAt ?? null,
    downMs: body.downMs ?? null,
    migration: body.migration ?? null,
    limit: body.limit ?? null,
    live: row.live,
    id: row.id,
    state: row.state,
    delivery: row.delivery,
  };
}
