/** Limits the journal's size by deleting rows that neither operators nor later decisions need. */
import type { Deployment } from '../core/deployment';
import type { SlotName } from '../core/slot';
import { JournalReader } from './reader';

const FORGET_AT_ONCE = 500;
/** This many of the newest deployments stay complete, for operators. */
const KEPT_WHOLE = 1000;
/** Limits for older deployments that decisions need, and for request ids. */
const KEPT_FOR_DECISIONS = 5000;
const KEPT_REQUESTS = 10_000;
/** The number of slots and tasks whose last incident is kept, because the incident may not be over yet. */
const KEPT_INCIDENTS = 50;

export class JournalRetention extends JournalReader {
  /**
   * Deletes the events of earlier deployments, and the incidents from before this one, except the last incident of each
   * slot and task. The deployments themselves stay.
   */
  async forgetBefore(deployment: number): Promise<void> {
    const first = this.db
      .prepare('SELECT min(id) AS id FROM events WHERE deployment >= ?')
      .get(deployment) as {
      id: number | null;
    };
    const lasting = JSON.stringify(this.lastIncidents());
    // in batches, so that other writers do not wait
    for (let changes = 1; changes > 0;) {
      changes = await this.db.write(
        () =>
          this.db
            .prepare(
              `DELETE FROM events WHERE id IN (
                 SELECT id FROM events WHERE deployment < ?1 OR (deployment IS NULL AND id < ?2
                   AND id NOT IN (SELECT value FROM json_each(?3))) LIMIT ${FORGET_AT_ONCE})`,
            )
            .run(deployment, first.id ?? 0, lasting).changes,
      );
    }
  }

  /** The last incident of each slot and each task, which may not be over yet. */
  private lastIncidents(): number[] {
    const rows = this.db
      .prepare(
        `SELECT max(id) AS id FROM events WHERE deployment IS NULL AND json_extract(entry, '$.type') = 'incident'
           GROUP BY coalesce(json_extract(entry, '$.slot'), json_extract(entry, '$.reason'), id)
           ORDER BY id DESC LIMIT ${KEPT_INCIDENTS}`,
      )
      .all() as { id: number }[];
    return rows.map(({ id }) => id);
  }

  /**
   * Deletes old deployments. Those that decisions need stay, without their plans: good and bad releases, the last live
   * deployment in each of these slots, the newest of each branch, the newest migration, and the highest environment
   * number.
   */
  async forgetDeployments(slots: SlotName[], keptWhole = KEPT_WHOLE): Promise<void> {
    const [oldest] = this.history(keptWhole).slice(-1);
    if (!oldest) return;
    const residents = slots.flatMap((slot) => this.lastInSlot(slot)?.id ?? []);
    const whole = [...residents, ...this.pending().map(({ id }) => id)];
    const decisive = this.verdicts().filter(decides).slice(0, KEPT_FOR_DECISIONS);
    const kept = [...whole, ...decisive.map(({ id }) => id), ...this.singular()];
    const older = `SELECT id FROM deployments WHERE id < ?1 AND id NOT IN (SELECT value FROM json_each(?2))`;
    const forget = this.db.prepare(`DELETE FROM deployments WHERE id IN (${older} LIMIT ${FORGET_AT_ONCE})`);
    const strip = this.db.prepare(
      `UPDATE deployments SET body = json_set(body, '$.plan', NULL) WHERE id IN (
         ${older} AND json_extract(body, '$.plan') IS NOT NULL LIMIT ${FORGET_AT_ONCE})`,
    );
    for (const [statement, spared] of [[forget, kept] as const, [strip, whole] as const]) {
      const ids = JSON.stringify(spared);
      for (let changes = 1; changes > 0;)
        changes = await this.db.write(() => statement.run(oldest.id, ids).changes);
    }
    await this.db.write(() =>
      this.db
        .prepare('DELETE FROM requests WHERE seq <= (SELECT max(seq) FROM requests) - ?')
        .run(KEPT_REQUESTS),
    );
  }

  /** The deployments that are the only newest or highest of their kind. */
  private singular(): number[] {
    const rows = this.db
      .prepare(
        `SELECT max(id) AS id FROM deployments WHERE branch IS NOT NULL GROUP BY branch
         UNION SELECT max(id) FROM deployments WHERE json_extract(body, '$.migration.schemaChanged') IS NOT 0
           AND json_extract(body, '$.migration') IS NOT NULL
         UNION SELECT id FROM (SELECT id FROM deployments WHERE json_extract(body, '$.environment') IS NOT NULL
           ORDER BY json_extract(body, '$.environment') DESC LIMIT 1)`,
      )
      .all() as { id: number | null }[];
    return rows.flatMap(({ id }) => id ?? []);
  }
}

/** True if later decisions need it: its release went live or was found to be bad. */
function decides({ commit, kind, state, fault, liveAt }: Deployment): boolean {
  if (commit === null) return false;
  return liveAt !== null || (kind === 'deploy' && (state === 'succeeded' || fault !== null));
}
