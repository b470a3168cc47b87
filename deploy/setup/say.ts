/** What setup and stop print while they work. */
import pc from 'picocolors';
import { duration } from '../core/format';
import { machineMs } from '../os/machine-clock';

const CLEAR_LINE = '\r\x1b[2K';

export function say(line: string): void {
  console.log(line);
}

/** Does the work and prints that it is done and how long it took; in a terminal also that it is at it. */
export async function phase<T>(title: string, work: () => Promise<T>): Promise<T> {
  const live = process.stdout.isTTY && process.env.TERM !== 'dumb';
  const begun = machineMs();
  if (live) process.stdout.write(pc.dim(`… ${title}`));
  try {
    const result = await work();
    say(`${live ? CLEAR_LINE : ''}✓ ${title} (${duration(machineMs() - begun)})`);
    return result;
  } catch (error) {
    if (live) process.stdout.write(CLEAR_LINE);
    throw error;
  }
}
