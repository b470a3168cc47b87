/**
 * Counts the open pages by the release that serves them. Every slot writes to the shared database. A page is a row that
 * expires unless its stream renews it. So the pages of a killed process soon stop counting, and a page that moves to
 * another slot counts once.
 */
import type { Database } from './database';
import type { Identity } from './identity';

/** The open pages of one release in one slot. */
export interface ReleaseCount {
  version: string;
  commit: string;
  slot: string;
  visitors: number;
}

/** All streams of a process share a count until it is this old. */
const COUNT_MS = 250;

export class Visitors {
  readonly #database: Database;
  readonly #identity: Identity;
  #count: Promise<ReleaseCount[]> | undefined;

  constructor(database: Database, identity: Identity) {
    this.#database = database;
    this.#identity = identity;
  }

  /** Counts a page as served by this process for `forMs`, and forgets those that have expired. */
  arrive(id: string, forMs: number): Promise<void> {
    const { version, commit, slot, instance } = this.#identity;
    return this.#database.write((connection) => {
      connection.run('DELETE FROM visitors WHERE expires_at <= ?', Date.now());
      connection.run(
        `INSERT OR REPLACE INTO visitors (id, version, commit_id, slot, instance, expires_at)
         VALUES (?, ?, ?, ?, ?, ?)`,
        ...[id, version, commit, slot, instance, Date.now() + forMs],
      );
    });
  }

  /** The page was closed. If another process serves it by now, it stays counted there. */
  leave(id: string): Promise<void> {
    const { instance } = this.#identity;
    return this.#database.write((connection) => {
      connection.run('DELETE FROM visitors WHERE id = ? AND instance = ?', id, instance);
    });
  }

  /** @returns one entry for each release in a slot that serves an open page. */
  count(): Promise<ReleaseCount[]> {
    if (!this.#count) {
      this.#count = this.#read();
      setTimeout(() => (this.#count = undefined), COUNT_MS).unref();
    }
    return this.#count;
  }

  #read(): Promise<ReleaseCount[]> {
    return this.#database.read((connection) => {
      const rows = connection.all(
        `SELECT version, commit_id AS 'commit', slot, COUNT(*) AS visitors FROM visitors
         WHERE expires_at > ? GROUP BY version, commit_id, slot ORDER BY version, commit_id, slot`,
        Date.now(),
      );
      return rows as unknown as ReleaseCount[];
    });
  }
}
