/** Read-only queries on the journal. */
import type { LastTip } from '../core/tip-policy';
import { isActive } from '../core/transitions';
import type { Deployment } from '../core/deployment';
import type { Entry, Incident, JournalEvent } from '../core/event';
import type { Commit } from '../core/release';
import type { SlotName } from '../core/slot';
import { withoutPassword } from '../core/redact-url';
import type { JournalDatabase } from './database';
import type { DeploymentRow } from './rows';
import { fromRow } from './rows';

/** The slots in which the deployment made its release live. */
export function slotsOf({ to, plan }: Deployment): SlotName[] {
  const others = plan?.flatMap(({ step }) => (step.do === 'verify-live' ? (step.others ?? []) : [])) ?? [];
  return [...(to ? [to.slot] : []), ...others.map(({ slot }) => slot)];
}

export class JournalReader {
  protected constructor(protected readonly db: JournalDatabase) {}

  /**
   * The branch's tip when the source was last checked; null if the branch was missing, undefined before the first
   * check.
   */
  lastTip(source: string, branch: string): LastTip {
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

  /**
   * All deployments, newest first.
   * @param limit the maximum number; default: all
   */
  history(limit = -1): Deployment[] {
    const rows = this.db.prepare('SELECT * FROM deployments ORDER BY id DESC LIMIT ?').all(limit);
    return (rows as DeploymentRow[]).map(fromRow);
  }

  /**
   * The deployments that decisions about releases need, newest first: for each commit, the newest of each combination
   * of kind, state and fault. Earlier ones affect no decision.
   * @param commit only this one
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

  /** The deployments whose migration has started, newest first. */
  migrated(): Deployment[] {
    const rows = this.db
      .prepare(
        "SELECT * FROM deployments WHERE json_extract(body, '$.migration') IS NOT NULL ORDER BY id DESC",
      )
      .all();
    return (rows as DeploymentRow[]).map(fromRow);
  }

  /** The newest deployment of a branch; empty if there is none. */
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

  /** The number of deployments. */
  count(): number {
    return (this.db.prepare('SELECT count(*) AS count FROM deployments').get() as { count: number }).count;
  }

  /** The deployment that a process is running, or was running when it died. */
  active(): Deployment | null {
    return this.pending().find((d) => isActive(d.state)) ?? null;
  }

  /** All deployments that are not over, oldest first. */
  pending(): Deployment[] {
    const rows = this.db
      .prepare(
        "SELECT * FROM deployments WHERE state IN ('queued', 'running', 'holding', 'baking') ORDER BY id",
      )
      .all();
    return (rows as DeploymentRow[]).map(fromRow);
  }

  /** The deployment whose release is live according to the journal, or null before the first. */
  lastLive(): Deployment | null {
    for (const deployment of this.madeLive()) return deployment;
    return null;
  }

  /** The last deployment that made its release live in this slot and was not rolled back. */
  lastInSlot(slot: SlotName): Deployment | null {
    for (const deployment of this.madeLive()) if (slotsOf(deployment).includes(slot)) return deployment;
    return null;
  }

  /** The id of the last event; 0 if there is none. */
  lastEvent(): number {
    const row = this.db.prepare('SELECT max(id) AS last FROM events').get() as { last: number | null };
    return row.last ?? 0;
  }

  /** The id of a deployment's first event; 0 if its events have been pruned. */
  firstEvent(deployment: number): number {
    const row = this.db.prepare('SELECT min(id) AS first FROM events WHERE deployment = ?').get(deployment);
    return (row as { first: number | null }).first ?? 0;
  }

  /**
   * The events after an event id.
   * @param deployment only this one's
   */
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
   * Deployments that made a release live and were not rolled back, last one first. A deployment that an operator rolls
   * back during its bake stays included, because its release is live until the rollback goes live.
   */
  private *madeLive(): Generator<Deployment> {
    const next = this.db.prepare(
      `SELECT * FROM deployments WHERE live < ? AND (state IN ('succeeded', 'baking')
         OR (state = 'rolled-back' AND json_extract(body, '$.fault') = 'operator')) ORDER BY live DESC LIMIT 1`,
    );
    let row = next.get(Number.MAX_SAFE_INTEGER) as DeploymentRow | undefined;
    for (; row; row = next.get(row.live) as DeploymentRow | undefined) yield fromRow(row);
  }

  /**
   * The incidents between deployments that the deployer found or handled, newest first.
   * @param limit the maximum number; -1: all
   */
  incidents(limit: number): Incident[] {
    const rows = this.db
      .prepare(
        "SELECT * FROM events WHERE json_extract(entry, '$.type') = 'incident' ORDER BY id DESC LIMIT ?",
      )
      .all(limit) as { id: number; at: number; entry: string }[];
    return rows.map(({ id, at, entry }) => {
      const { reason, slot, message } = JSON.parse(entry) as Partial<Incident> & { message: string };
      return { id, at, reason: reason ?? null, slot: slot ?? null, message };
    });
  }

  /** The time of the last event in milliseconds since 1970, as the clock showed it then; null if there is none. */
  newestAt(): number | null {
    const row = this.db.prepare('SELECT at FROM events ORDER BY id DESC LIMIT 1').get();
    return (row as { at: number } | undefined)?.at ?? null;
  }

  /** The highest environment number that any deployment named; 0 if there is none. */
  lastEnvironment(): number {
    const row = this.db
      .prepare("SELECT max(json_extract(body, '$.environment')) AS last FROM deployments")
      .get();
    return (row as { last: number | null }).last ?? 0;
  }

  /**
   * Describes damage to the file's pages, tables or JSON texts; null if there is none. May also throw SQLite's error.
   */
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
    // the reason follows the database's name
    return found === 'ok' ? null : (found.split('\n').at(-1) ?? found);
  }

  protected mustGet(id: number): Deployment {
    const found = this.get(id);
    if (!found) throw new Error(`no deployment ${id} in the journal`);
    return found;
  }
}
