/** Stores messages and reads them in order. */
import type { Connection, Database } from './database';

export interface Message {
  id: number;
  text: string;
  /** ISO 8601, UTC. */
  createdAt: string;
}

export interface Page {
  messages: Message[];
  /** The `before` of the next page, or null on the last one. */
  next: number | null;
}

// Never `SELECT *`: a newer release may have added columns.
const COLUMNS = 'id, text, created_at AS createdAt';

/** Every method throws the errors of the database, such as `unavailable` when it stays locked. */
export class MessageStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @returns the stored message, which by then survives a kill of the process. */
  add(text: string): Promise<Message> {
    const createdAt = new Date().toISOString();
    return this.#database.write((connection) => {
      const id = connection.run('INSERT INTO messages (text, created_at) VALUES (?, ?)', text, createdAt);
      return { id, text, createdAt };
    });
  }

  async find(id: number): Promise<Message | undefined> {
    const [message] = await this.#select(`WHERE id = ?`, id);
    return message;
  }

  /** @returns up to `limit` messages, newest first, all older than `before` if that is given. */
  async page({ limit, before = Number.MAX_SAFE_INTEGER }: { limit: number; before?: number }): Promise<Page> {
    // One row more than the limit shows whether there is a next page, without counting the table.
    const rows = await this.#select(`WHERE id < ? ORDER BY id DESC LIMIT ?`, before, limit + 1);
    const messages = rows.slice(0, limit);
    return { messages, next: rows.length > limit ? (messages.at(-1)?.id ?? null) : null };
  }

  /** @returns up to `limit` messages after `id`, oldest first. */
  after(id: number, limit: number): Promise<Message[]> {
    return this.#select(`WHERE id > ? ORDER BY id LIMIT ?`, id, limit);
  }

  /** @returns the id of the newest message, 0 if there is none. */
  async newestId(): Promise<number> {
    const { messages } = await this.page({ limit: 1 });
    return messages[0]?.id ?? 0;
  }

  #select(rest: string, ...values: number[]): Promise<Message[]> {
    return this.#database.read((connection: Connection) => {
      return connection.all(`SELECT ${COLUMNS} FROM messages ${rest}`, ...values) as unknown as Message[];
    });
  }
}
