/** Writes deployments and events, and removes secrets from their texts. */
import type { Deployment, DeploymentState } from '../core/deployment';
import type { Entry } from '../core/event';
import type { Redact } from '../core/redact';
import { redactEntry } from '../core/redact';
import { isOver, mayFollow } from '../core/transitions';
import type { JournalDatabase } from './database';
import { JournalRetention } from './retention';

/** Facts about a deployment that become known while it is running. */
export type DeploymentFacts = Partial<Omit<Deployment, 'id' | 'state' | 'createdAt' | 'delivery' | 'live'>>;

export class JournalWriter extends JournalRetention {
  protected constructor(
    db: JournalDatabase,
    protected readonly redact: Redact,
  ) {
    super(db);
  }

  /** Moves a deployment to its next state and records the event. An invalid transition throws, because it is a bug. */
  async move(id: number, to: DeploymentState, facts: DeploymentFacts = {}): Promise<Deployment> {
    return this.db.write(() => this.step(this.mustGet(id), to, facts));
  }

  /** Adds facts to a deployment. */
  async note(id: number, facts: DeploymentFacts): Promise<void> {
    const redacted = this.withoutSecrets(facts);
    await this.db.write(() => this.update({ ...this.mustGet(id), ...redacted }));
  }

  /** Records an event of one deployment or, for null, of the whole installation. */
  async record(deployment: number | null, entry: Entry): Promise<void> {
    const redacted = redactEntry(entry, this.redact);
    await this.db.write(() => this.insertEvent(deployment, redacted), mayBeLost(entry) ? 'soon' : 'at-once');
  }

  /** Records a warning of a deployment. */
  warn(deployment: number, message: string): Promise<void> {
    return this.record(deployment, { type: 'warning', message });
  }

  private withoutSecrets(facts: DeploymentFacts): DeploymentFacts {
    return facts.cause ? { ...facts, cause: this.redact(facts.cause) } : facts;
  }

  protected step(before: Deployment, to: DeploymentState, facts: DeploymentFacts): Deployment {
    const { id, state } = before;
    if (!mayFollow(state, to)) throw new Error(`deployment ${id}: ${state} -> ${to}`);
    const redacted = this.withoutSecrets(facts);
    this.update({ ...before, ...redacted, ...timesOf(to, before), state: to });
    this.insertEvent(id, { type: 'state', state: to, ...(redacted.cause ? { cause: redacted.cause } : {}) });
    return this.mustGet(id);
  }

  protected update(deployment: Deployment): void {
    const { id, state, live: _, ...body } = deployment;
    this.db
      .prepare('UPDATE deployments SET state = ?, body = ? WHERE id = ?')
      .run(state, JSON.stringify(body), id);
  }

  protected insertEvent(deployment: number | null, entry: Entry): void {
    this.db
      .prepare('INSERT INTO events (deployment, at, entry) VALUES (?, ?, ?)')
      .run(deployment, Date.now(), JSON.stringify(entry));
  }
}

/**
 * True for events that recovery can do without. It needs only the started steps and the live release. It also reads
 * which undo steps finished, but if that is lost, it merely repeats them.
 */
function mayBeLost(entry: Entry): boolean {
  return entry.type === 'phase' && (entry.step === undefined || entry.status !== 'started');
}

function timesOf(state: DeploymentState, { startedAt }: Deployment): DeploymentFacts {
  if (state === 'running') return { startedAt: startedAt ?? Date.now() };
  if (state === 'holding') return { heldAt: Date.now() };
  return isOver(state) ? { finishedAt: Date.now() } : {};
}
