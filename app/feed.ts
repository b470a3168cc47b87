/**
 * Tells listeners of new messages, whichever slot they were posted to. The slots share nothing but the database, so
 * it is asked twice a second, and only while someone listens. SQLite has one writer at a time and its ids count up:
 * "everything after the last id I saw" never skips one.
 */
import type { Message, MessageStore } from './messages';

const POLL_MS = 500;
const PAGE = 100;

export interface Listener {
  onMessage(message: Message): void;
  /** False while the listener cannot take more; it misses nothing, it gets it later. */
  isReady(): boolean;
  /** The server stops: say so and end. Nothing is called after this. */
  onStop(): void;
}

export class MessageFeed {
  readonly #messages: MessageStore;
  readonly #stopping: AbortSignal;
  readonly #pollMs: number;
  /** Each listener, and the id of the last message that it got. */
  readonly #listeners = new Map<Listener, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param stopping ends all listeners when aborted. */
  constructor(messages: MessageStore, stopping: AbortSignal, pollMs = POLL_MS) {
    this.#messages = messages;
    this.#stopping = stopping;
    this.#pollMs = pollMs;
    stopping.addEventListener('abort', () => this.#stop(), { once: true });
  }

  /**
   * @param after id of the last message the listener has already.
   * @returns a function that ends listening.
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

  /** One round at a time: `#timer` stays set until a round has ended, and a round without listeners is the last. */
  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.#poll(), this.#pollMs).unref();
  }

  async #poll(): Promise<void> {
    // Nearly always all listeners stand at the same id, and this is one query for all of them.
    for (const [after, group] of this.#readyByPosition()) {
      // A failed query is not the listeners' business: they wait, and /health tells those who watch.
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
      // It may have left while the database was asked.
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
