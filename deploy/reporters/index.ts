/** Chooses a reporter: plain lines for a pipe, live times for a terminal, JSON on request. */
import type { Journal } from '../journal/journal';
import { canRedraw } from '../os/terminal';
import { jsonReporter } from './json';
import { plainReporter } from './plain';
import type { Output, Reporter } from './reporter';
import { terminalReporter } from './terminal';

/** The reporter for this output. */
export function reporterFor(out: Output, journal: Journal, json: boolean): Reporter {
  if (json) return jsonReporter(out);
  return canRedraw(out) ? terminalReporter(out, journal) : plainReporter(out, journal);
}
