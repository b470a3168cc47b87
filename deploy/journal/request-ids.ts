/**
 * The ids of clients' requests. A repeated request with the same id counts once. A withdrawn request, or one past its
 * deadline, is never carried out.
 */
import type { Deployment } from '../core/deployment';
import { KnownError } from '../core/errors';
import { machineMs } from '../os/machine-clock';
import type { JournalDatabase } from './database';

/** The identity of a client's request. */
export interface RequestIdentity {
  id?: string;
  /** When the client gives up, by the machine's clock in milliseconds. */
  deadline?: number;
}

export class RequestIds {
  /** @param get finds a deployment */
  constructor(
    private readonly db: JournalDatabase,
    private readonly get: (id: number) => Deployment | null,
  ) {}

  /**
   * Withdraws the request of a client that gives up. Returns the deployment if the request was already carried out.
   * Returns null otherwise; the request is then never carried out.
   */
  async cancel(id: string): Promise<Deployment | null> {
    return this.db.write(() => {
      const known = this.requested(id);
      if (known !== undefined) return known === null ? null : this.carriedOut(known);
      this.remember(id, null);
      return null;
    });
  }

  /** Carries out a request unless its id is known or its client has given up. Throws E_TOO_LATE. */
  once({ id, deadline = Infinity }: RequestIdentity, work: () => Deployment): Promise<Deployment> {
    return this.db.write(() => {
      const known = id === undefined ? undefined : this.requested(id);
      if (known === null) throw new KnownError('E_TOO_LATE', 'The client has withdrawn this request.');
      if (known !== undefined) return this.carriedOut(known);
      // checked inside the transaction, because waiting for the write lock may take long
      if (machineMs() > deadline) throw new KnownError('E_TOO_LATE', 'The client gave up on this request.');
      const deployment = work();
      if (id !== undefined) this.remember(id, deployment.id);
      return deployment;
    });
  }

  /** Throws E_TOO_LATE if the deployment's record has been pruned. */
  private carriedOut(id: number): Deployment {
    const deployment = this.get(id);
    if (deployment) return deployment;
    throw new KnownError('E_TOO_LATE', `This request was carried out long ago, as deployment ${id}.`);
  }

  private remember(request: string, deployment: number | null): void {
    this.db.prepare('INSERT INTO requests (id, deployment) VALUES (?, ?)').run(request, deployment);
  }

  /** The id of a request's deployment; null for a withdrawn request, undefined for an unknown one. */
  private requested(id: string): number | null | undefined {
    const row = this.db.prepare('SELECT deployment FROM requests WHERE id = ?').get(id);
    return (row as { deployment: number | null } | undefined)?.deployment;
  }
}
