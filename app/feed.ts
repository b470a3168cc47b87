/**
 * Sends new messages to listeners, whichever slot received them. The slots share only the database, so it is polled
 * twice a second while there are listeners. SQLite has one writer at a time and increasing ids, so a query for
 * everything after the last id never skips a message.
 */
import type { Message, MessageStore } from './messages';

const POLL_MS = 500;
const PAGE = 100;

export interface Listener {
  onMessage(message: Message): void;
  /** False while the listener cannot accept more. It gets the missed messages later. */
  isReady(): boolean;
  /** The server is stopping: end the stream. This is the last call. */
  onStop(): void;
}

export class MessageFeed {
  readonly #messages: MessageStore;
  readonly #stopping: AbortSignal;
  readonly #pollMs: number;
  /** Each listener, with the id of its last message. */
  readonly #listeners = new Map<Listener, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param stopping stops all listeners when aborted. */
  constructor(messages: MessageStore, stopping: AbortSignal, pollMs = POLL_MS) {
    this.#messages = messages;
    this.#stopping = stopping;
    this.#pollMs = pollMs;
    stopping.addEventListener('abort', () => this.#stop(), { once: true });
  }

  /**
   * @param after the id of the last message that the listener already has.
   * @returns a function that removes the listener.
   */
  listen(listener: Listener, after: number): () => void {
    if (this.#stopping.aborted) {
      listener.onStop();
      return () => undefined;
    }
    this.#listeners.set(listener, after);
    this.#schedule();
    return () => void this.#listeners.delete(listener);
  }

  /** Runs one poll at a time: `#timer` stays set until it has finished. Polling stops when there are no listeners. */
  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.#poll(), this.#pollMs).unref();
  }

  async #poll(): Promise<void> {
    // Nearly always all listeners have the same last id, so this is one query.
    for (const [after, group] of this.#readyByPosition()) {
      // After a failed query, listeners wait for the next poll; /health reports the failure.
      const messages = await this.#messages.after(after, PAGE).catch((): Message[] => []);
      for (const listener of group) this.#deliver(listener, messages);
    }
    this.#timer = undefined;
    if (this.#listeners.size > 0) this.#schedule();
  }

  #readyByPosition(): Map<number, Listener[]> {
    const groups = new Map<number, Listener[]>();
    for (const [listener, after] of this.#listeners) {
      if (!listener.isReady()) continue;
      groups.set(after, [...(groups.get(after) ?? []), listener]);
    }
    return groups;
  }

  #deliver(listener: Listener, messages: Message[]): void {
    for (const message of messages) {
      // The listener may have been removed during the query.
      if (!this.#listeners.has(listener)) return;
      listener.onMessage(message);
      this.#listeners.set(listener, message.id);
    }
  }

  #stop(): void {
    const listeners = [...this.#listeners.keys()];
    this.#listeners.clear();
    for (const listener of listeners) listener.onStop();
  }
}
