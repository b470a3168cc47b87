/** Runs commands in the copy's shell. A command with an unexpected exit code ends the tour. */
import { KnownFailure } from '../../scripts/lib/known';
import type { Copy } from '../lib/copy';
import { Shell } from '../lib/shell';

const LINES_SHOWN = 12;

export interface Commands {
  dir: string;
  run(line: string, onLine?: (line: string) => void, expected?: 'success' | 'failure'): Promise<void>;
  /** Stops the running command; no further one starts. */
  stop(): void;
}

export function commandsIn(copy: Copy): Commands {
  let shell: Shell | undefined;
  let isStopped = false;
  return {
    dir: copy.dir,
    async run(line, onLine = () => undefined, expected = 'success') {
      shell = new Shell(copy, onLine);
      const code = isStopped ? null : await shell.run(line);
      if (code !== null && (code === 0) === (expected === 'success')) return;
      const lines = shell.lines.slice(-LINES_SHOWN);
      throw new KnownFailure('E_INTERNAL', `The tour ended at "${line}".`, 'Its output is above.', lines);
    },
    stop() {
      isStopped = true;
      shell?.stop();
    },
  };
}
