import type { CommandExit } from '../../deploy/core/machine-fault';

/** The result of a command that exited with code 1, on a machine with enough memory. */
export function commandExit(known: Partial<CommandExit> = {}): CommandExit {
  const memory = { leastMemory: 512 * 1024 ** 2, outOfMemory: false };
  return { exitCode: 1, signal: null, timedOut: false, lastLines: [], ...memory, ...known };
}
