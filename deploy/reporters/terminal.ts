/** Prints the plain reporter's lines in colour, and redraws a line with the running phase and its time. */
import pc from 'picocolors';
import { duration } from '../core/format';
import type { Entry } from '../core/event';
import { terminalText } from '../core/terminal-text';
import type { Journal } from '../journal/journal';
import { eventLines } from './plain';
import { heldLines } from './held-lines';
import { endLines, phaseTitle, waitingLine } from './phrases';
import type { Output, Reporter } from './reporter';

const DRAW_EVERY_MS = 100;
const CLEAR_LINE = '\r\x1b[2K';

export function terminalReporter(out: Output, journal: Journal): Reporter {
  let doing: { title: string; since: number } | null = null;
  const draw = (): void => {
    if (!doing) return;
    const line = `… ${terminalText(doing.title).padEnd(20)} ${duration(Date.now() - doing.since).padStart(8)}`;
    out.write(`${CLEAR_LINE}${pc.dim(line.slice(0, (out.columns || 80) - 1))}`);
  };
  const timer = setInterval(draw, DRAW_EVERY_MS);
  timer.unref();

  const print = (lines: string[]): void => {
    for (const line of lines) out.write(`${CLEAR_LINE}${coloured(terminalText(line))}\n`);
  };
  const close = (lines: string[]): void => {
    clearInterval(timer);
    doing = null;
    print(lines);
  };
  return {
    event: (event) => {
      print(eventLines(event, journal));
      const title = running(event.entry, journal);
      if (title !== undefined) doing = title === null ? null : { title, since: event.at };
      draw();
    },
    end: (deployment, serving, behind) => close(endLines(deployment, serving, behind)),
    held: (deployment, preview, serving) => close(heldLines(deployment, preview, serving)),
    say: close,
  };
}

/** The phase that runs from this entry on: a title, null for none, undefined if the entry does not change it. */
function running(entry: Entry, journal: Journal): string | null | undefined {
  if (entry.type === 'waiting') return waitingLine(journal.get(entry.behind), entry.held);
  if (entry.type === 'state') return entry.state === 'running' ? null : undefined;
  if (entry.type !== 'phase') return undefined;
  return entry.status === 'started' ? phaseTitle(entry) : null;
}

function coloured(line: string): string {
  if (line.startsWith('✓ LIVE')) return pc.bold(pc.green(line));
  if (line.startsWith('✗ NOT LIVE')) return pc.bold(pc.red(line));
  if (line.startsWith('✓')) return pc.green('✓') + line.slice(1);
  if (line.startsWith('✗')) return pc.red('✗') + line.slice(1);
  if (line.startsWith('!')) return pc.yellow(line);
  return line.startsWith('  ') ? pc.dim(line) : line;
}
