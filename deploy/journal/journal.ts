/**
 * The journal, the only record of deployments, on SQLite. The CLI, the hook, notifications and recovery read it; what
 * is running is always probed, never read from it.
 */
import { statSync } from 'node:fs';
import type { Redact } from '../core/redact';
import type { Deployment, DeploymentKind, Trigger, OperatorRequest } from '../core/deployment';
import type { Entry } from '../core/event';
import type { Commit } from '../core/release';
import type { SlotName } from '../core/slot';
import { withoutPassword } from '../core/redact-url';
import type { Home } from '../home/home';
import type { JournalPlace } from './database';
import { JournalDatabase } from './database';
import type { RequestIdentity } from './request-ids';
import { RequestIds } from './request-ids';
import { INITIAL_FACTS } from './rows';
import { RebuildableJournal } from './rebuild';
import type { DeploymentFacts } from './writer';

export type { RequestIdentity } from './request-ids';
export type { DeploymentFacts } from './writer';

/** A trigger's request for a deployment. */
export interface Request {
  kind: DeploymentKind;
  trigger: Trigger;
  branch?: string;
  commit?: Commit;
  slot?: SlotName;
  /** Default: the configured strategy. */
  strategy?: string;
  hold?: boolean;
  /** The number of the app environment to deploy. */
  environment?: number;
  /** The reason for the request; left out for an operator's command. */
  cause?: string;
  /** The tip that a webhook announced. It is a reason to ask the source again, never a choice of commit. */
  expected?: Commit;
  /** The request's id: a webhook's delivery id, or one that the command generated. */
  delivery?: string;
  /** When the client gives up, by the machine's clock in milliseconds. */
  deadline?: number;
}

export class Journal extends RebuildableJournal {
  private readonly requestIds: RequestIds;

  private constructor(db: JournalDatabase, redact: Redact) {
    super(db, redact);
    this.requestIds = new RequestIds(db, (id) => this.get(id));
  }

  /** False before the first start, and if the file was removed. */
  static exists(home: Pick<Home, 'journal'>): boolean {
    return (statSync(home.journal, { throwIfNoEntry: false })?.size ?? 0) > 0;
  }

  /**
   * Opens the home's journal, creating the file if it is missing. Throws E_NOT_STARTED without a home.
   * @param redact removes secrets from texts; needed by processes that write an app's output
   */
  static open(home: JournalPlace, redact: Redact = (text) => text): Journal {
    return new Journal(new JournalDatabase(home), redact);
  }

  /** Creates the tables. Called once, when the home is created. */
  prepare(): Promise<void> {
    return this.db.makeTables();
  }

  close(): void {
    this.db.close();
  }

  /**
   * Queues a deployment and records which deployment it waits for. A known delivery id returns its first deployment and
   * changes nothing. Throws E_TOO_LATE if the client has given up.
   */
  async request(request: Request): Promise<Deployment> {
    const asked: RequestIdentity = { id: request.delivery, deadline: request.deadline };
    const body: Omit<Deployment, 'id' | 'state' | 'delivery' | 'live'> = {
      ...INITIAL_FACTS,
      kind: request.kind,
      trigger: request.trigger,
      branch: request.branch ?? null,
      commit: request.commit ?? null,
      slot: request.slot ?? null,
      strategy: request.strategy ?? null,
      hold: request.hold ?? false,
      environment: request.environment ?? null,
      expected: request.expected ?? null,
      cause: request.cause === undefined ? null : this.redact(request.cause),
      createdAt: Date.now(),
    };
    return this.requestIds.once(asked, () => {
      const inserted = this.db
        .prepare('INSERT INTO deployments (delivery, state, body) VALUES (?, ?, ?)')
        .run(request.delivery ?? null, 'queued', JSON.stringify(body));
      const id = Number(inserted.lastInsertRowid);
      this.insertEvent(id, { type: 'state', state: 'queued' });
      const ahead = this.active();
      if (ahead) this.insertEvent(id, waitingFor(ahead));
      return this.mustGet(id);
    });
  }

  /** Withdraws the request of a client that gives up; see RequestIds. */
  cancel(id: string): Promise<Deployment | null> {
    return this.requestIds.cancel(id);
  }

  /** Moves a deployment to `holding` and records this for the deployments queued behind it. */
  async hold(id: number, facts: DeploymentFacts = {}): Promise<Deployment> {
    return this.db.write(() => {
      const held = this.step(this.mustGet(id), 'holding', facts);
      for (const { id: waiting, state } of this.pending())
        if (state === 'queued') this.insertEvent(waiting, waitingFor(held));
      return held;
    });
  }

  /**
   * Continues a deployment that waited for an operator.
   * @param done the operator request that was carried out; a later one stays
   */
  async proceed(id: number, done: OperatorRequest | null): Promise<Deployment> {
    return this.db.write(() => {
      const before = this.mustGet(id);
      const facts = before.request === done ? { request: null } : {};
      if (before.state === 'holding') return this.step(before, 'running', facts);
      this.update({ ...before, ...facts });
      return this.mustGet(id);
    });
  }

  /**
   * Records an operator request for a deployment, and aborts the deployment if it is still queued. A running
   * deployment's process polls for the request and acts on it.
   * @param choose picks one of the deployments that are not over; if it throws, nothing changes
   * Throws E_TOO_LATE if the client has given up.
   */
  async requestOperation(
    request: OperatorRequest,
    choose: (pending: Deployment[]) => Deployment,
    asked: RequestIdentity = {},
  ): Promise<Deployment> {
    return this.requestIds.once(asked, () => {
      const chosen = choose(this.pending());
      const facts = { request, ...(request === 'promote' ? { promotedAt: Date.now() } : {}) };
      if (chosen.state === 'queued') return this.step(chosen, 'aborted', { ...facts, ...OUT_OF_THE_QUEUE });
      this.update({ ...chosen, ...facts });
      return this.mustGet(chosen.id);
    });
  }

  /**
   * Records the branch's tip. Only one branch of one source is tracked; another one replaces it.
   * @param by the deployment of this tip, with facts to record in the same transaction, so that no recorded tip stays
   * undeployed
   */
  async recordTip(
    source: string,
    branch: string,
    tip: Commit | null,
    by?: { id: number; facts: DeploymentFacts },
  ): Promise<void> {
    await this.db.write(() => {
      if (by) this.update({ ...this.mustGet(by.id), ...by.facts });
      this.db.prepare('DELETE FROM tips').run();
      this.db
        .prepare('INSERT INTO tips (source, branch, tip) VALUES (?, ?, ?)')
        .run(withoutPassword(source), branch, tip);
    });
  }
}

function waitingFor(ahead: Deployment): Entry {
  return { type: 'waiting', behind: ahead.id, ...(ahead.state === 'holding' ? { held: true } : {}) };
}

const OUT_OF_THE_QUEUE: DeploymentFacts = {
  fault: 'operator',
  errorCode: 'E_ABORTED',
  cause: 'An operator removed it from the queue.',
};
