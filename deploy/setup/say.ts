/** Prints the progress of setup and stop. With --json, standard output contains only the document. */
import { duration } from '../core/format';
import { terminalText } from '../core/terminal-text';
import { machineMs } from '../os/machine-clock';
import { canRedraw, coloursFor } from '../os/terminal';

const CLEAR_LINE = '\r\x1b[2K';

export const progress = process.argv.includes('--json') ? process.stderr : process.stdout;

export function printLine(line: string): void {
  progress.write(`${terminalText(line)}\n`);
}

/** Runs the work and prints its title and duration. In a terminal, also prints a line while the work is running. */
export async function phase<T>(title: string, work: () => Promise<T>): Promise<T> {
  const live = canRedraw(progress);
  const begun = machineMs();
  if (live) progress.write(coloursFor(progress).dim(`… ${title}`));
  try {
    const result = await work();
    if (live) progress.write(CLEAR_LINE);
    printLine(`✓ ${title} (${duration(machineMs() - begun)})`);
    return result;
  } catch (error) {
    if (live) progress.write(CLEAR_LINE);
    throw error;
  }
}
