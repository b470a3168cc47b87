/** Prints one plain line per finished phase: for pipes, logs and the terminal of a git push. */
import type { JournalEvent } from '../core/event';
import type { Journal } from '../journal/journal';
import { terminalText } from '../core/terminal-text';
import { coloured, coloursFor } from '../os/terminal';
import { heldLines } from './held-lines';
import type { Live } from './phrases';
import { finalLines, liveLines, phaseLine, waitingLines } from './phrases';
import type { Output, Reporter } from './reporter';

export function plainReporter(out: Output, journal: Journal): Reporter {
  const colours = coloursFor(out);
  const say = (lines: string[]): void =>
    lines.forEach((line) => out.write(`${coloured(terminalText(line), colours)}\n`));
  let live: Live | null = null;
  return {
    event: (event) => {
      if (event.entry.type === 'live') live = event.entry;
      say(eventLines(event, journal));
    },
    end: (deployment, serving, behind) => say(finalLines(deployment, serving, behind, live)),
    held: (deployment, preview, serving) => say(heldLines(deployment, preview, serving)),
    say,
  };
}

/** The lines for an event; none for one that only starts a phase or changes the state. */
export function eventLines({ entry, deployment }: JournalEvent, journal: Journal): string[] {
  switch (entry.type) {
    case 'phase':
      return entry.status === 'started' ? [] : [phaseLine(entry)];
    case 'live':
      return liveLines(entry);
    case 'note':
    case 'progress':
      return [`  ${entry.message}`];
    case 'warning':
    case 'incident':
      return [`! ${entry.message}`];
    case 'waiting':
      return waitingLines(deployment, journal.get(entry.behind), entry.held);
    case 'state':
      return [];
  }
}
