/** Which reporter: plain lines in a pipe, live times in a terminal, JSON on demand. */
import type { Journal } from '../journal/journal';
import { jsonReporter } from './json';
import { plainReporter } from './plain';
import type { Output, Reporter } from './reporter';
import { terminalReporter } from './terminal';

/** The reporter that suits the output. */
export function reporterFor(out: Output, journal: Journal, json: boolean): Reporter {
  if (json) return jsonReporter(out);
  return out.isTTY && process.env.TERM !== 'dumb'
    ? terminalReporter(out, journal)
    : plainReporter(out, journal);
}
