/**
 * The journal, the only record of deployments, on SQLite. The CLI, the hook, notifications and recovery read it; what
 * is running is always probed, never read from it.
 */
import { statSync } from 'node:fs';
import { KnownError } from '../core/errors';
import type { Redact } from '../core/redact';
import { redactEntry } from '../core/redact';
import { isActive, isOver, mayFollow } from '../core/transitions';
import type {
  Deployment,
  DeploymentKind,
  DeploymentState,
  Trigger,
  OperatorRequest,
} from '../core/deployment';
import type { Entry } from '../core/event';
import type { Commit } from '../core/release';
import type { SlotName } from '../core/slot';
import { withoutPassword } from '../core/redact-url';
import type { Home } from '../home/home';
import { machineMs } from '../os/machine-clock';
import type { JournalPlace } from './database';
import { JournalDatabase } from './database';
import { JournalRetention } from './retention';
import { NOTHING_KNOWN } from './rows';

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
  /** The reason for the request, unless it is an operator's command. */
  cause?: string;
  /** The request's id: a webhook's delivery id, or one that the command generated. */
  delivery?: string;
  /** When the client gives up, by the machine's clock in milliseconds. */
  deadline?: number;
}

/**
 * The identity of a client's request: repeated with the same id it counts once, and after its deadline it is refused.
 */
export interface Asked {
  id?: string;
  /** When the client gives up, by the machine's clock in milliseconds. */
  deadline?: number;
}

/** The known facts about the release that runs in a slot. */
export interface Adopted {
  slot: SlotName;
  commit: Commit;
  version: string;
  environment?: number;
  instance?: string;
  restarts?: number;
}

/** Facts about a deployment that become known while it runs. */
export type Facts = Partial<Omit<Deployment, 'id' | 'state' | 'createdAt' | 'delivery' | 'live'>>;

export class Journal extends JournalRetention {
  private constructor(
    db: JournalDatabase,
    private readonly redact: Redact,
  ) {
    super(db);
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
    const asked: Asked = { id: request.delivery, deadline: request.deadline };
    const body: Omit<Deployment, 'id' | 'state' | 'delivery' | 'live'> = {
      ...NOTHING_KNOWN,
      kind: request.kind,
      trigger: request.trigger,
      branch: request.branch ?? null,
      commit: request.commit ?? null,
      slot: request.slot ?? null,
      strategy: request.strategy ?? null,
      hold: request.hold ?? false,
      environment: request.environment ?? null,
      cause: request.cause === undefined ? null : this.redact(request.cause),
      createdAt: Date.now(),
    };
    return this.once(asked, () => {
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

  /**
   * Withdraws a request whose client gives up. Returns the deployment if the request was already carried out; otherwise
   * null, and it never will be.
   */
  async cancel(id: string): Promise<Deployment | null> {
    return this.db.write(() => {
      const known = this.requested(id);
      if (known !== undefined) return known === null ? null : this.carriedOut(known);
      this.remember(id, null);
      return null;
    });
  }

  /** Moves a deployment to its next state and records the event. An invalid transition throws, because it is a bug. */
  async move(id: number, to: DeploymentState, facts: Facts = {}): Promise<Deployment> {
    return this.db.write(() => this.step(this.mustGet(id), to, facts));
  }

  /** Moves a deployment to `holding` and records this for the deployments queued behind it. */
  async hold(id: number, facts: Facts = {}): Promise<Deployment> {
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
  async goOn(id: number, done: OperatorRequest | null): Promise<Deployment> {
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
    asked: Asked = {},
  ): Promise<Deployment> {
    return this.once(asked, () => {
      const chosen = choose(this.pending());
      const facts = { request, ...(request === 'promote' ? { promotedAt: Date.now() } : {}) };
      if (chosen.state === 'queued') return this.step(chosen, 'aborted', { ...facts, ...OUT_OF_THE_QUEUE });
      this.update({ ...chosen, ...facts });
      return this.mustGet(chosen.id);
    });
  }

  /** Adds facts to a deployment. */
  async note(id: number, facts: Facts): Promise<void> {
    const told = this.withoutSecrets(facts);
    await this.db.write(() => this.update({ ...this.mustGet(id), ...told }));
  }

  /** Records an event of one deployment or, with null, of the whole installation. */
  async tell(deployment: number | null, entry: Entry): Promise<void> {
    const told = redactEntry(entry, this.redact);
    await this.db.write(() => this.insertEvent(deployment, told), isOnlyTold(entry) ? 'soon' : 'at-once');
  }

  /**
   * Records the branch's tip. Only one branch of one source is tracked; another one replaces it.
   * @param by the deployment of this tip, with facts to record in the same transaction, so that no recorded tip is
   * missed
   */
  async saw(
    source: string,
    branch: string,
    tip: Commit | null,
    by?: { id: number; facts: Facts },
  ): Promise<void> {
    await this.db.write(() => {
      if (by) this.update({ ...this.mustGet(by.id), ...by.facts });
      this.db.prepare('DELETE FROM tips').run();
      this.db
        .prepare('INSERT INTO tips (source, branch, tip) VALUES (?, ?, ?)')
        .run(withoutPassword(source), branch, tip);
    });
  }

  /** Carries out a request unless its id is known or its client has given up. Throws E_TOO_LATE. */
  private once({ id, deadline = Infinity }: Asked, work: () => Deployment): Promise<Deployment> {
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

  /** Throws E_TOO_LATE if the deployment's record is already pruned. */
  private carriedOut(id: number): Deployment {
    const deployment = this.get(id);
    if (deployment) return deployment;
    throw new KnownError('E_TOO_LATE', `This request was carried out long ago, as deployment ${id}.`);
  }

  private remember(request: string, deployment: number | null): void {
    this.db.prepare('INSERT INTO requests (id, deployment) VALUES (?, ?)').run(request, deployment);
  }

  /**
   * Continues numbering after this id, because logs and other leftovers of lost deployments are named after their ids.
   */
  async continueAfter(id: number): Promise<void> {
    await this.db.write(() => {
      const sql = 'UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?';
      if (this.db.prepare(sql).run(id, 'deployments').changes === 0)
        this.db.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run('deployments', id);
    });
  }

  /** Marks active deployments as interrupted, because lost events make a step-by-step rollback impossible. */
  async interruptActive(cause: string): Promise<void> {
    const facts: Facts = { fault: 'machine', errorCode: 'E_INTERRUPTED', cause };
    for (const { id, state } of this.pending())
      if (isActive(state)) await this.move(id, 'interrupted', facts);
  }

  /** Records a live release whose deployment was lost. */
  async adopt({ slot, commit, version, environment, instance, restarts }: Adopted): Promise<void> {
    const now = Date.now();
    const proof = instance === undefined ? null : { slot, commit, instance, restarts: restarts ?? 0 };
    const body: Omit<Deployment, 'id' | 'state' | 'delivery' | 'live'> = {
      ...NOTHING_KNOWN,
      kind: 'deploy',
      trigger: 'start',
      branch: null,
      commit,
      slot: null,
      strategy: null,
      hold: false,
      environment: environment ?? null,
      version,
      to: { slot, commit, version },
      plan: proof && [{ step: { do: 'verify-live', ...proof }, undo: [] }],
      createdAt: now,
      startedAt: now,
      finishedAt: now,
    };
    await this.db.write(() => {
      const { lastInsertRowid } = this.db
        .prepare('INSERT INTO deployments (state, body) VALUES (?, ?)')
        .run('succeeded', JSON.stringify(body));
      // as an update, because its trigger assigns `live`
      this.update({ ...this.mustGet(Number(lastInsertRowid)), liveAt: now });
      this.insertEvent(Number(lastInsertRowid), { type: 'state', state: 'succeeded' });
    });
  }

  private withoutSecrets(facts: Facts): Facts {
    return facts.cause ? { ...facts, cause: this.redact(facts.cause) } : facts;
  }

  private step(before: Deployment, to: DeploymentState, facts: Facts): Deployment {
    const { id, state } = before;
    if (!mayFollow(state, to)) throw new Error(`deployment ${id}: ${state} -> ${to}`);
    const told = this.withoutSecrets(facts);
    this.update({ ...before, ...told, ...timesOf(to, before), state: to });
    this.insertEvent(id, { type: 'state', state: to, ...(told.cause ? { cause: told.cause } : {}) });
    return this.mustGet(id);
  }

  private update(deployment: Deployment): void {
    const { id, state, live: _, ...body } = deployment;
    this.db
      .prepare('UPDATE deployments SET state = ?, body = ? WHERE id = ?')
      .run(state, JSON.stringify(body), id);
  }

  private insertEvent(deployment: number | null, entry: Entry): void {
    this.db
      .prepare('INSERT INTO events (deployment, at, entry) VALUES (?, ?, ?)')
      .run(deployment, Date.now(), JSON.stringify(entry));
  }
}

/**
 * True for events that recovery can do without. It needs only which steps started and what is live. It also reads which
 * undo steps finished, but if that is lost it merely undoes them once more.
 */
function isOnlyTold(entry: Entry): boolean {
  return entry.type === 'phase' && (entry.step === undefined || entry.status !== 'started');
}

function timesOf(state: DeploymentState, { startedAt }: Deployment): Facts {
  if (state === 'running') return { startedAt: startedAt ?? Date.now() };
  if (state === 'holding') return { heldAt: Date.now() };
  return isOver(state) ? { finishedAt: Date.now() } : {};
}

function waitingFor(ahead: Deployment): Entry {
  return { type: 'waiting', behind: ahead.id, ...(ahead.state === 'holding' ? { held: true } : {}) };
}

const OUT_OF_THE_QUEUE: Facts = {
  fault: 'operator',
  errorCode: 'E_ABORTED',
  cause: 'An operator removed it from the queue.',
};
