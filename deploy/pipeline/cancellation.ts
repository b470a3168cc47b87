/**
 * Cancels a deployment: an operator aborts it (recorded in the journal), `npm stop` stops everything (SIGTERM), or
 * users need a restore. The steps see the same signal for all three; its reason distinguishes them.
 */
import { abortedByOperator, stoppedByNpmStop } from '../core/cancel-reason';
import type { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import type { Journal } from '../journal/journal';
import { killMarkedProcesses } from '../os/marked-processes';

const POLL_EVERY_MS = 100;

export interface Cancellation {
  /** Aborted with the deployment's final KnownError. */
  signal: AbortSignal;
  /** Ends the deployment with this error. */
  cancel: (why: KnownError) => void;
  /** Stops killing this deployment's commands, so that the undo can run commands of its own. */
  commandsMayRun: () => void;
}

/** Starts watching for a cancellation of this deployment, which runs in the current process. */
export function watchForCancellation(home: Home, journal: Journal, id: number): Cancellation {
  const asked = new AbortController();
  let killing: NodeJS.Timeout | undefined;
  const cancel = (why: KnownError): void => {
    if (asked.signal.aborted) return;
    asked.abort(why);
    // kills commands that are running now or start later; their failure then counts as the abort
    killing = setInterval(() => void killMarkedProcesses(home, id), POLL_EVERY_MS);
    void killMarkedProcesses(home, id);
  };
  process.on('SIGTERM', () => cancel(stoppedByNpmStop()));
  setInterval(() => {
    if (wantsAbort(journal, id)) cancel(abortedByOperator());
  }, POLL_EVERY_MS).unref();
  return { signal: asked.signal, cancel, commandsMayRun: () => clearInterval(killing) };
}

/** If the journal is busy, the next check reads it again. */
function wantsAbort(journal: Journal, id: number): boolean {
  try {
    return journal.get(id)?.request === 'abort';
  } catch {
    return false;
  }
}
