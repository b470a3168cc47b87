/** Prints the progress of setup and stop. */
import { duration } from '../core/format';
import { terminalText } from '../core/terminal-text';
import { machineMs } from '../os/machine-clock';
import { canRedraw, coloursFor } from '../os/terminal';

const CLEAR_LINE = '\r\x1b[2K';

export function printLine(line: string): void {
  console.log(terminalText(line));
}

/** Runs the work and prints its title and duration; in a terminal, also a line while it runs. */
export async function phase<T>(title: string, work: () => Promise<T>): Promise<T> {
  const live = canRedraw(process.stdout);
  const begun = machineMs();
  if (live) process.stdout.write(coloursFor(process.stdout).dim(`… ${title}`));
  try {
    const result = await work();
    if (live) process.stdout.write(CLEAR_LINE);
    printLine(`✓ ${title} (${duration(machineMs() - begun)})`);
    return result;
  } catch (error) {
    if (live) process.stdout.write(CLEAR_LINE);
    throw error;
  }
}
