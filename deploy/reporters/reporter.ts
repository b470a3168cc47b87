/** The interface of everything that shows a deployment to a user. */
import type { Drift } from '../core/drift';
import type { Preview } from '../http/preview/link';
import type { Deployment } from '../core/deployment';
import type { JournalEvent } from '../core/event';
import type { Serving } from '../core/slot';

export interface Reporter {
  event(event: JournalEvent): void;
  /**
   * @param serving the live release
   * @param behind the last deployed release, if it is not the live one
   */
  end(deployment: Deployment, serving: Serving | null, behind?: Drift | null): void;
  /**
   * Prints the last lines of a deployment that now waits for an operator.
   * @param preview how to try the release
   */
  held(deployment: Deployment, preview: Preview | null, serving: Serving | null): void;
  /** Prints other last lines. */
  say(lines: string[]): void;
}

export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}
