/** What can be asked of the journal. It changes nothing. */
import type { LastSeen } from '../core/tip-policy';
import { isActive } from '../core/transitions';
import type { Deployment } from '../core/deployment';
import type { Entry, JournalEvent } from '../core/event';
import type { Commit } from '../core/release';
import type { SlotName } from '../core/slot';
import { withoutPassword } from '../core/redact-url';
import type { JournalDatabase } from './database';
import type { DeploymentRow } from './rows';
import { fromRow } from './rows';

/** Those in which it made its release live. */
export function slotsOf({ to, plan }: Deployment): SlotName[] {
  const others = plan?.flatMap(({ step }) => (step.do === 'verify-live' ? (step.others ?? []) : [])) ?? [];
  return [...(to ? [to.slot] : []), ...others.map(({ slot }) => slot)];
}

export class JournalReader {
  protected constructor(protected readonly db: JournalDatabase) {}

  /** The branch's tip in the source when it was last looked at. */
  lastSeen(source: string, branch: string): LastSeen {
    const row = this.db
      .prepare('SELECT tip FROM tips WHERE source = ? AND branch = ?')
      .get(withoutPassword(source), branch) as { tip: Commit | null } | undefined;
    return row?.tip;
  }

  get(id: number): Deployment | null {
    const row = this.db.prepare('SELECT * FROM deployments WHERE id = ?').get(id) as
      DeploymentRow | undefined;
    return row ? fromRow(row) : null;
  }

  /** The newest deployments first, for people. @param limit how many at most; all of them unless told */
  history(limit = -1): Deployment[] {
    const rows = this.db.prepare('SELECT * FROM deployments ORDER BY id DESC LIMIT ?').all(limit);
    return (rows as DeploymentRow[]).map(fromRow);
  }

  /**
   * What decisions about releases go by, newest first: of each commit the newest deployment of every kind, state and
   * fault. Whatever came before it changes no verdict.
   * @param commit of this one alone
   */
  verdicts(commit?: Commit): Deployment[] {
    const rows = this.db
      .prepare(
        `SELECT * FROM deployments WHERE id IN (
           SELECT max(id) FROM deployments WHERE ${commit === undefined ? 'true' : 'commit_id = ?'}
           GROUP BY commit_id, kind, state, fault, error_code, live IS NULL) ORDER BY id DESC`,
      )
      .all(...(commit === undefined ? [] : [commit]));
    return (rows as DeploymentRow[]).map(fromRow);
  }

  /** Those whose migration ran, or began, newest first. */
  migrated(): Deployment[] {
    const rows = this.db
      .prepare(
        "SELECT * FROM deployments WHERE json_extract(body, '$.migration') IS NOT NULL ORDER BY id DESC",
      )
      .all();
    return (rows as DeploymentRow[]).map(fromRow);
  }

  /** The newest deployment of a branch. */
  newestOfBranch(branch: string): Deployment[] {
    const rows = this.db
      .prepare('SELECT * FROM deployments WHERE branch = ? ORDER BY id DESC LIMIT 1')
      .all(branch);
    return (rows as DeploymentRow[]).map(fromRow);
  }

  /** The newest deployment of a commit. */
  newestOf(commit: Commit): Deployment | null {
    const row = this.db
      .prepare('SELECT * FROM deployments WHERE commit_id = ? ORDER BY id DESC LIMIT 1')
      .get(commit);
    return row ? fromRow(row as DeploymentRow) : null;
  }

  /** How many deployments there are. */
  count(): number {
    return (this.db.prepare('SELECT count(*) AS count FROM deployments').get() as { count: number }).count;
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
    for (const deployment of this.madeLive()) return deployment;
    return null;
  }

  /** The last deployment that made its release live in this slot and was not taken back. */
  lastInSlot(slot: SlotName): Deployment | null {
    for (const deployment of this.madeLive()) if (slotsOf(deployment).includes(slot)) return deployment;
    return null;
  }

  /** The id of what was told last; 0 before anything was. */
  lastEvent(): number {
    const row = this.db.prepare('SELECT max(id) AS last FROM events').get() as { last: number | null };
    return row.last ?? 0;
  }

  /** The id of the first event of a deployment; 0 where its events are pruned. */
  firstEvent(deployment: number): number {
    const row = this.db.prepare('SELECT min(id) AS first FROM events WHERE deployment = ?').get(deployment);
    return (row as { first: number | null }).first ?? 0;
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
  private *madeLive(): Generator<Deployment> {
    const next = this.db.prepare(
      `SELECT * FROM deployments WHERE live < ? AND (state IN ('succeeded', 'baking')
         OR (state = 'rolled-back' AND json_extract(body, '$.fault') = 'operator')) ORDER BY live DESC LIMIT 1`,
    );
    let row = next.get(Number.MAX_SAFE_INTEGER) as DeploymentRow | undefined;
    for (; row; row = next.get(row.live) as DeploymentRow | undefined) yield fromRow(row);
  }

  /** What the deployer found and did between deployments, newest first. @param limit how many at most; all of them unless told */
  incidents(limit: number): { id: number; at: number; message: string }[] {
    const rows = this.db
      .prepare(
        "SELECT * FROM events WHERE json_extract(entry, '$.type') = 'incident' ORDER BY id DESC LIMIT ?",
      )
      .all(limit) as { id: number; at: number; entry: string }[];
    return rows.map(({ id, at, entry }) => ({
      id,
      at,
      message: (JSON.parse(entry) as { message: string }).message,
    }));
  }

  /** When the last event was written by the clock of then, in milliseconds since 1970; null before the first. */
  newestAt(): number | null {
    const row = this.db.prepare('SELECT at FROM events ORDER BY id DESC LIMIT 1').get();
    return (row as { at: number } | undefined)?.at ?? null;
  }

  /** The highest number of an environment that a deployment ever named; 0 for none. */
  lastEnvironment(): number {
    const row = this.db
      .prepare("SELECT max(json_extract(body, '$.environment')) AS last FROM deployments")
      .get();
    return (row as { last: number | null }).last ?? 0;
  }

  /** What is wrong with it: its pages, its tables, its texts; null for nothing. It may throw what SQLite has to say, too. */
  damage(): string | null {
    const tables = this.db
      .prepare("SELECT count(*) AS count FROM sqlite_master WHERE name IN ('deployments', 'events', 'tips')")
      .get() as { count: number };
    if (tables.count < 3) return 'its tables are gone';
    const { texts } = this.db
      .prepare('SELECT count(*) AS texts FROM deployments WHERE NOT json_valid(body)')
      .get() as { texts: number };
    if (texts > 0) return `${texts} of its deployments cannot be read`;
    const { quick_check: found } = this.db.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    // behind the name of the database
    return found === 'ok' ? null : (found.split('\n').at(-1) ?? found);
  }

  /** What became of a request: the number of its deployment, null for a cancelled one; undefined for an unknown one. */
  protected requested(id: string): number | null | undefined {
    const row = this.db.prepare('SELECT deployment FROM requests WHERE id = ?').get(id);
    return (row as { deployment: number | null } | undefined)?.deployment;
  }

  protected mustGet(id: number): Deployment {
    const found = this.get(id);
    if (!found) throw new Error(`no deployment ${id} in the journal`);
    return found;
  }
}
