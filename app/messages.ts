/** The messages: how they are stored, and in which order they are read back. */
import type { Connection, Database } from './database';

export interface Message {
  id: number;
  text: string;
  /** ISO 8601, UTC. */
  createdAt: string;
}

export interface Page {
  messages: Message[];
  /** `before` of the page that follows, or null on the last one. */
  next: number | null;
}

// Never `SELECT *`: a newer release may have added columns.
const COLUMNS = 'id, text, created_at AS createdAt';

/** Every method throws what the database throws: `unavailable` when it stays locked. */
export class MessageStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @returns the message as it is stored. When this resolves, it survives the end of the process. */
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
    // One more than asked for tells whether there is a next page without counting the table.
    const found = await this.#select(`WHERE id < ? ORDER BY id DESC LIMIT ?`, before, limit + 1);
    const messages = found.slice(0, limit);
    return { messages, next: found.length > limit ? (messages.at(-1)?.id ?? null) : null };
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
