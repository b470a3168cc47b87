/** Prints the plain reporter's lines in colour, and redraws a line with the running phase and its time. */
import { cellsOf, cutCells, padCells } from '../core/cells';
import { duration } from '../core/format';
import type { Entry } from '../core/event';
import { terminalText } from '../core/terminal-text';
import { coloured, coloursFor } from '../os/terminal';
import type { Journal } from '../journal/journal';
import { eventLines } from './plain';
import { heldLines } from './held-lines';
import type { Live } from './phrases';
import { finalLines, phaseTitle, waitingLine } from './phrases';
import type { Output, Reporter } from './reporter';

const DRAW_EVERY_MS = 100;
const CLEAR_LINE = '\r\x1b[2K';

/** The running phase. */
interface Doing {
  title: string;
  /** Milliseconds since 1970. */
  since: number;
  detail?: string;
}

export function terminalReporter(out: Output, journal: Journal): Reporter {
  let doing: Doing | null = null;
  let live: Live | null = null;
  const colours = coloursFor(out);
  const draw = (): void => {
    if (!doing) return;
    const line = runningLine(doing, Date.now() - doing.since, (out.columns || 80) - 1);
    out.write(`${CLEAR_LINE}${colours.dim(line)}`);
  };
  const timer = setInterval(draw, DRAW_EVERY_MS);
  timer.unref();

  const print = (lines: string[]): void => {
    for (const line of lines) out.write(`${CLEAR_LINE}${coloured(terminalText(line), colours)}\n`);
  };
  const close = (lines: string[]): void => {
    clearInterval(timer);
    doing = null;
    print(lines);
  };
  return {
    event: (event) => {
      if (event.entry.type === 'progress') {
        if (doing) doing.detail = event.entry.message;
        return draw();
      }
      if (event.entry.type === 'live') live = event.entry;
      print(eventLines(event, journal));
      const title = running(event.entry, journal);
      if (title !== undefined) doing = title === null ? null : { title, since: event.at };
      draw();
    },
    end: (deployment, serving, behind) => close(finalLines(deployment, serving, behind, live)),
    held: (deployment, preview, serving) => close(heldLines(deployment, preview, serving)),
    say: close,
  };
}

/** A wrapped line could not be redrawn, so a narrow terminal shortens the title; the time keeps its unit. */
function runningLine({ title: foreign, detail = '' }: Doing, ms: number, width: number): string {
  const title = terminalText(foreign);
  const time = duration(ms);
  const line = `… ${padCells(title, 20)} ${time.padStart(8)}`;
  if (cellsOf(line) <= width) return cutCells(`${line}   ${terminalText(detail)}`.trimEnd(), width);
  return cutCells(`… ${cutCells(title, Math.max(0, width - time.length - 3))} ${time}`, width);
}

/** The phase that runs from this entry on: a title, null for none, undefined if the entry does not change it. */
function running(entry: Entry, journal: Journal): string | null | undefined {
  if (entry.type === 'waiting') return waitingLine(journal.get(entry.behind), entry.held);
  if (entry.type === 'state') return entry.state === 'running' ? null : undefined;
  if (entry.type !== 'phase') return undefined;
  return entry.status === 'started' ? phaseTitle(entry) : null;
}
