/**
 * The journal: the only truth about deployments, on SQLite. The command line, the hook, notifications and
 * recovery read it; what runs is never taken from it but looked at.
 */
import { statSync } from 'node:fs';
import Database from 'libsql';
import type { Home } from './home';
import { KnownError } from './core/errors';
import { useReserve } from './reserve';
import { inTransaction, isFull } from './sqlite';
import type { LastSeen } from './core/seen';
import type { Redact } from './core/redact';
import { redactEntry } from './core/redact';
import { isActive, isOver, mayFollow } from './core/transitions';
import { withoutPassword } from './git/names';
import type {
  Commit,
  Deployment,
  DeploymentKind,
  DeploymentState,
  Entry,
  JournalEvent,
  SlotName,
  Trigger,
  Wish,
} from './core/types';

const BUSY_MS = 20;
const FORGET_AT_ONCE = 500;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS deployments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery TEXT UNIQUE,
    state TEXT NOT NULL,
    body TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS deployments_by_state ON deployments (state);
  CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    deployment INTEGER,
    at INTEGER NOT NULL,
    entry TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS events_by_deployment ON events (deployment, id);
  CREATE TABLE IF NOT EXISTS tips (
    source TEXT NOT NULL,
    branch TEXT NOT NULL,
    tip TEXT,
    PRIMARY KEY (source, branch)
  );
`;

/** What a trigger asks for. */
export interface Request {
  kind: DeploymentKind;
  trigger: Trigger;
  branch?: string;
  commit?: Commit;
  slot?: SlotName;
  strategy: string;
  hold?: boolean;
  /** The number of the app's environment that it is to try. */
  environment?: number;
  delivery?: string;
}

/** Facts about a deployment that become known while it runs. */
export type Facts = Partial<Omit<Deployment, 'id' | 'state' | 'createdAt' | 'delivery'>>;

interface DeploymentRow {
  id: number;
  delivery: string | null;
  state: DeploymentState;
  body: string;
}

export class Journal {
  private constructor(
    private readonly home: Pick<Home, 'journal' | 'dir'>,
    private db: Database.Database,
    private readonly redact: Redact,
  ) {}

  /** False before the first start, and when somebody has removed it. */
  static exists(home: Pick<Home, 'journal'>): boolean {
    return (statSync(home.journal, { throwIfNoEntry: false })?.size ?? 0) > 0;
  }

  /**
   * Opens the home's journal, making it when it is not there. Throws E_NOT_STARTED without a home.
   * @param redact hides what no text of the journal may carry, for whoever writes what an app has said
   */
  static open(home: Pick<Home, 'journal' | 'dir'>, redact: Redact = (text) => text): Journal {
    return new Journal(home, connect(home), redact);
  }

  /** Makes the tables. Once, by whoever makes the home. */
  async prepare(): Promise<void> {
    // of a journal that is in use this changes nothing, and waits for nobody
    this.db.exec('PRAGMA journal_mode = WAL');
    await this.write(() => this.db.exec(SCHEMA));
  }

  close(): void {
    this.db.close();
  }

  /**
   * Puts a request into the queue, and tells whom it waits for. A delivery that is known already gives back its
   * first deployment and changes nothing.
   */
  async request(request: Request): Promise<Deployment> {
    const body: Omit<Deployment, 'id' | 'state' | 'delivery'> = {
      ...NOTHING_KNOWN,
      kind: request.kind,
      trigger: request.trigger,
      branch: request.branch ?? null,
      commit: request.commit ?? null,
      slot: request.slot ?? null,
      strategy: request.strategy,
      hold: request.hold ?? false,
      environment: request.environment ?? null,
      createdAt: Date.now(),
    };
    return this.write(() => {
      const known = request.delivery === undefined ? null : this.byDelivery(request.delivery);
      if (known) return known;
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

  /** Moves a deployment to its next state and tells it. A move that may not follow is an error of ours. */
  async move(id: number, to: DeploymentState, facts: Facts = {}): Promise<Deployment> {
    return this.write(() => this.step(this.mustGet(id), to, facts));
  }

  /** The same for one that is held from now on; those that wait behind it are told. */
  async hold(id: number): Promise<Deployment> {
    return this.write(() => {
      const held = this.step(this.mustGet(id), 'holding', {});
      for (const { id: waiting, state } of this.pending())
        if (state === 'queued') this.insertEvent(waiting, waitingFor(held));
      return held;
    });
  }

  /**
   * Writes down what a person wants of a deployment; one that only waits is aborted by that. Its process, which looks
   * here all the time, does the rest.
   * @param choose picks it among those that are not over; what it throws changes nothing
   */
  async wish(wish: Wish, choose: (pending: Deployment[]) => Deployment): Promise<Deployment> {
    return this.write(() => {
      const chosen = choose(this.pending());
      const facts = { wish, ...(wish === 'promote' ? { promotedAt: Date.now() } : {}) };
      if (chosen.state === 'queued') return this.step(chosen, 'aborted', { ...facts, ...OUT_OF_THE_QUEUE });
      this.update({ ...chosen, ...facts });
      return this.mustGet(chosen.id);
    });
  }

  /** Adds facts to a deployment. */
  async note(id: number, facts: Facts): Promise<void> {
    const told = this.withoutSecrets(facts);
    await this.write(() => this.update({ ...this.mustGet(id), ...told }));
  }

  /** Tells one thing, of a deployment or (null) of the whole. */
  async tell(deployment: number | null, entry: Entry): Promise<void> {
    const told = redactEntry(entry, this.redact);
    await this.write(() => this.insertEvent(deployment, told));
  }

  /** The branch's tip in the source when it was last looked at. */
  lastSeen(source: string, branch: string): LastSeen {
    const row = this.db
      .prepare('SELECT tip FROM tips WHERE source = ? AND branch = ?')
      .get(withoutPassword(source), branch) as { tip: Commit | null } | undefined;
    return row?.tip;
  }

  /** Notes it. Only one branch of one source is followed: another one begins anew. */
  async saw(source: string, branch: string, tip: Commit | null): Promise<void> {
    await this.write(() => {
      this.db.prepare('DELETE FROM tips').run();
      this.db
        .prepare('INSERT INTO tips (source, branch, tip) VALUES (?, ?, ?)')
        .run(withoutPassword(source), branch, tip);
    });
  }

  get(id: number): Deployment | null {
    const row = this.db.prepare('SELECT * FROM deployments WHERE id = ?').get(id) as
      DeploymentRow | undefined;
    return row ? fromRow(row) : null;
  }

  /** Every deployment, newest first. @param limit how many at most */
  history(limit = 1000): Deployment[] {
    const rows = this.db.prepare('SELECT * FROM deployments ORDER BY id DESC LIMIT ?').all(limit);
    return (rows as DeploymentRow[]).map(fromRow);
  }

  /** The one a process works on, or worked on when it died. */
  active(): Deployment | null {
    return this.pending().find((d) => isActive(d.state)) ?? null;
  }

  /** All that are not over, oldest first. */
  pending(): Deployment[] {
    const rows = this.db
      .prepare(
        "SELECT * FROM deployments WHERE state IN ('queued', 'running', 'holding', 'baking') ORDER BY id",
      )
      .all();
    return (rows as DeploymentRow[]).map(fromRow);
  }

  /** The deployment whose release serves by the journal, or null before the first. */
  lastLive(): Deployment | null {
    return this.madeLive()[0] ?? null;
  }

  /** The last deployment that made its release live in this slot and was not taken back. */
  lastInSlot(slot: SlotName): Deployment | null {
    return this.madeLive().find(({ to }) => to?.slot === slot) ?? null;
  }

  /** The id of what was told last; 0 before anything was. */
  lastEvent(): number {
    const row = this.db.prepare('SELECT max(id) AS last FROM events').get() as { last: number | null };
    return row.last ?? 0;
  }

  /** What was told after an event id. @param deployment only of this one */
  since(eventId: number, deployment?: number): JournalEvent[] {
    const rows = (
      deployment === undefined
        ? this.db.prepare('SELECT * FROM events WHERE id > ? ORDER BY id').all(eventId)
        : this.db
            .prepare('SELECT * FROM events WHERE id > ? AND deployment = ? ORDER BY id')
            .all(eventId, deployment)
    ) as { id: number; deployment: number | null; at: number; entry: string }[];
    return rows.map((row) => ({ ...row, entry: JSON.parse(row.entry) as Entry }));
  }

  /**
   * Those that made a release live and were not taken back, the last one first, however many failed since. One
   * that an operator rolls back during its bake serves until the rollback has gone live, if it ever does.
   */
  private madeLive(): Deployment[] {
    const rows = this.db
      .prepare(
        "SELECT * FROM deployments WHERE state IN ('succeeded', 'baking', 'rolled-back') ORDER BY id DESC LIMIT 1000",
      )
      .all();
    const live = (rows as DeploymentRow[])
      .map(fromRow)
      .filter(
        ({ state, fault, liveAt }) => liveAt !== null && (state !== 'rolled-back' || fault === 'operator'),
      );
    return live.sort((a, b) => (b.liveAt as number) - (a.liveAt as number) || b.id - a.id);
  }

  /** What the deployer found and did between deployments, newest first. @param limit how many at most */
  incidents(limit: number): { at: number; message: string }[] {
    const rows = this.db
      .prepare(
        "SELECT * FROM events WHERE json_extract(entry, '$.type') = 'incident' ORDER BY id DESC LIMIT ?",
      )
      .all(limit) as { at: number; entry: string }[];
    return rows.map(({ at, entry }) => ({ at, message: (JSON.parse(entry) as { message: string }).message }));
  }

  /** Forgets what was told of deployments before this one, and between them; the deployments themselves stay. */
  async forgetBefore(deployment: number): Promise<void> {
    const first = this.db
      .prepare('SELECT min(id) AS id FROM events WHERE deployment >= ?')
      .get(deployment) as {
      id: number | null;
    };
    // in bites: whoever tells something meanwhile is not to wait
    for (let changes = 1; changes > 0;) {
      changes = await this.write(
        () =>
          this.db
            .prepare(
              `DELETE FROM events WHERE id IN (
                 SELECT id FROM events WHERE deployment < ? OR (deployment IS NULL AND id < ?) LIMIT ${FORGET_AT_ONCE})`,
            )
            .run(deployment, first.id ?? 0).changes,
      );
    }
  }

  /** When the last thing was told, in milliseconds since 1970; null before the first. */
  newestAt(): number | null {
    return (this.db.prepare('SELECT max(at) AS at FROM events').get() as { at: number | null }).at;
  }

  /** The highest number of an environment that a deployment ever named; 0 for none. */
  lastEnvironment(): number {
    const row = this.db
      .prepare("SELECT max(json_extract(body, '$.environment')) AS last FROM deployments")
      .get();
    return (row as { last: number | null }).last ?? 0;
  }

  private withoutSecrets(facts: Facts): Facts {
    return facts.cause ? { ...facts, cause: this.redact(facts.cause) } : facts;
  }

  private byDelivery(delivery: string): Deployment | null {
    const row = this.db.prepare('SELECT * FROM deployments WHERE delivery = ?').get(delivery);
    return row ? fromRow(row as DeploymentRow) : null;
  }

  private mustGet(id: number): Deployment {
    const found = this.get(id);
    if (!found) throw new Error(`no deployment ${id} in the journal`);
    return found;
  }

  private step(before: Deployment, to: DeploymentState, facts: Facts): Deployment {
    const { id, state } = before;
    if (!mayFollow(state, to)) throw new Error(`deployment ${id}: ${state} -> ${to}`);
    const told = this.withoutSecrets(facts);
    this.update({ ...before, ...told, ...timesOf(to), state: to });
    this.insertEvent(id, { type: 'state', state: to, ...(told.cause ? { cause: told.cause } : {}) });
    return this.mustGet(id);
  }

  private update(deployment: Deployment): void {
    const { id, state, ...body } = deployment;
    this.db
      .prepare('UPDATE deployments SET state = ?, body = ? WHERE id = ?')
      .run(state, JSON.stringify(body), id);
  }

  private insertEvent(deployment: number | null, entry: Entry): void {
    this.db
      .prepare('INSERT INTO events (deployment, at, entry) VALUES (?, ?, ?)')
      .run(deployment, Date.now(), JSON.stringify(entry));
  }

  private async write<T>(work: () => T): Promise<T> {
    try {
      return await inTransaction(() => this.db, work);
    } catch (error) {
      if (!isFull(error)) throw error;
      return this.writeWithReserve(work);
    }
  }

  /** A rollback must go through on a full disk too. Throws E_DISK when there is no room even so. */
  private async writeWithReserve<T>(work: () => T): Promise<T> {
    useReserve(this.home);
    // libsql never resets a prepared statement that failed: what is written beside it would be lost
    this.db.close();
    this.db = connect(this.home);
    try {
      return await inTransaction(() => this.db, work);
    } catch (error) {
      throw isFull(error) ? new KnownError('E_DISK', `There is no room left in ${this.home.dir}.`) : error;
    }
  }
}

function connect(home: Pick<Home, 'journal' | 'dir'>): Database.Database {
  let db: Database.Database;
  try {
    db = new Database(home.journal);
  } catch {
    throw new KnownError('E_NOT_STARTED', `Nothing was started here yet (no journal in ${home.dir}).`);
  }
  db.pragma(`busy_timeout = ${BUSY_MS}`);
  return db;
}

function timesOf(state: DeploymentState): Facts {
  if (state === 'running') return { startedAt: Date.now() };
  if (state === 'holding') return { heldAt: Date.now() };
  return isOver(state) ? { finishedAt: Date.now() } : {};
}

function waitingFor(ahead: Deployment): Entry {
  return { type: 'waiting', behind: ahead.id, ...(ahead.state === 'holding' ? { held: true } : {}) };
}

const OUT_OF_THE_QUEUE: Facts = {
  fault: 'operator',
  errorCode: 'E_ABORTED',
  cause: 'An operator took it out of the queue.',
};

const NOTHING_KNOWN = {
  environment: null,
  wish: null,
  version: null,
  from: null,
  to: null,
  plan: null,
  pid: null,
  fault: null,
  errorCode: null,
  cause: null,
  hint: null,
  startedAt: null,
  heldAt: null,
  promotedAt: null,
  liveAt: null,
  finishedAt: null,
  served: null,
  failed: null,
} satisfies Partial<Deployment>;

function fromRow(row: DeploymentRow): Deployment {
  const body = JSON.parse(row.body) as Omit<Deployment, 'id' | 'state' | 'delivery'>;
  // an older kit has written some of them
  return {
    ...body,
    hold: body.hold ?? false,
    environment: body.environment ?? null,
    wish: body.wish ?? null,
    heldAt: body.heldAt ?? null,
    promotedAt: body.promotedAt ?? null,
    id: row.id,
    state: row.state,
    delivery: row.delivery,
  };
}
