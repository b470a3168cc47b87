/** Who shows a deployment to a person. */
import type { Drift } from '../core/drift';
import type { Preview } from '../http/preview/link';
import type { Deployment } from '../core/deployment';
import type { JournalEvent } from '../core/event';
import type { Serving } from '../core/slot';

export interface Reporter {
  event(event: JournalEvent): void;
  /** @param serving what serves the users now @param behind what was deployed last, where that is something else */
  end(deployment: Deployment, serving: Serving | null, behind?: Drift | null): void;
  /** The last it shows of one that waits for a person now. @param preview how that person can try it */
  held(deployment: Deployment, preview: Preview | null, serving: Serving | null): void;
  /** Other last lines. */
  say(lines: string[]): void;
}

export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}
