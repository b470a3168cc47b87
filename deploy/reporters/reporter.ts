/** Who shows a deployment to a person. */
import type { Deployment, JournalEvent, Serving } from '../core/types';

export interface Reporter {
  event(event: JournalEvent): void;
  /** @param serving what serves the users now */
  end(deployment: Deployment, serving: Serving | null): void;
}

export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}
