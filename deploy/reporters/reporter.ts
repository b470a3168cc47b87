/** Who shows a deployment to a person: plain lines in a pipe, live times in a terminal, JSON on demand. */
import type { Deployment, JournalEvent, Serving } from '../core/types';
import type { Journal } from '../journal';
import { jsonReporter } from './json';
import { plainReporter } from './plain';
import { terminalReporter } from './terminal';

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

/** The reporter that suits the output. */
export function reporterFor(out: Output, journal: Journal, json: boolean): Reporter {
  if (json) return jsonReporter(out);
  return out.isTTY && process.env.TERM !== 'dumb'
    ? terminalReporter(out, journal)
    : plainReporter(out, journal);
}
