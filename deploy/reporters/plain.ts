/** Plain lines, each when its phase is over: for pipes, logs and the terminal of a git push. */
import type { JournalEvent } from '../core/types';
import type { Journal } from '../journal';
import { endLines, liveLines, phaseLine, waitingLine } from './phrases';
import type { Output, Reporter } from './reporter';

export function plainReporter(out: Output, journal: Journal): Reporter {
  return {
    event: (event) => eventLines(event, journal).forEach((line) => out.write(`${line}\n`)),
    end: (deployment, serving, behind) =>
      endLines(deployment, serving, behind).forEach((line) => out.write(`${line}\n`)),
  };
}

/** The lines that an event adds; none for one that only begins something. */
export function eventLines({ entry }: JournalEvent, journal: Journal): string[] {
  switch (entry.type) {
    case 'phase':
      return entry.status === 'started' ? [] : [phaseLine(entry)];
    case 'live':
      return liveLines(entry);
    case 'warning':
    case 'incident':
      return [`! ${entry.message}`];
    case 'waiting':
      return [waitingLine(journal.get(entry.behind))];
    case 'state':
      return [];
  }
}
