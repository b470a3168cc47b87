/** Who shows a deployment to a person. */
import type { Behind } from '../core/behind';
import type { Deployment, JournalEvent, Serving } from '../core/types';

export interface Reporter {
  event(event: JournalEvent): void;
  /** @param serving what serves the users now @param behind what was deployed last, where that is something else */
  end(deployment: Deployment, serving: Serving | null, behind?: Behind | null): void;
}

export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}
