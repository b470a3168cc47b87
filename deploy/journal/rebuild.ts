/** Writes for the rebuild of a broken journal: facts from running processes and files rather than from requests. */
import type { Deployment } from '../core/deployment';
import type { Commit } from '../core/release';
import type { SlotName } from '../core/slot';
import { isActive } from '../core/transitions';
import { INITIAL_FACTS } from './rows';
import type { DeploymentFacts } from './writer';
import { JournalWriter } from './writer';

/** The known facts about the release that runs in a slot. */
export interface AdoptedRelease {
  slot: SlotName;
  commit: Commit;
  version: string;
  environment?: number;
  instance?: string;
  restarts?: number;
}

export class RebuildableJournal extends JournalWriter {
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

  /** Marks unfinished deployments as interrupted, because lost events make a step-by-step rollback impossible. */
  async interruptActive(cause: string): Promise<void> {
    const facts: DeploymentFacts = { fault: 'machine', errorCode: 'E_INTERRUPTED', cause };
    for (const { id, state } of this.pending())
      if (isActive(state)) await this.move(id, 'interrupted', facts);
  }

  /** Records a live release whose deployment was lost. */
  async adopt({ slot, commit, version, environment, instance, restarts }: AdoptedRelease): Promise<void> {
    const now = Date.now();
    const proof = instance === undefined ? null : { slot, commit, instance, restarts: restarts ?? 0 };
    const body: Omit<Deployment, 'id' | 'state' | 'delivery' | 'live'> = {
      ...INITIAL_FACTS,
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
}
