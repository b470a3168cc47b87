/**
 * A deployment that is to end before its end: an operator aborts it (it stands in the journal), or `npm stop` ends
 * everything (SIGTERM). Both reach the steps as one signal, whose reason says which it was.
 */
import { abortedByOperator, stoppedByNpmStop } from '../core/cancel-reason';
import type { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import type { Journal } from '../journal/journal';
import { killMarkedProcesses } from '../os/marked-processes';

const LOOK_EVERY_MS = 100;

export interface Cancellation {
  /** Aborted with the KnownError that the deployment ends with. */
  signal: AbortSignal;
  /** From now on commands are let alone: what comes is the taking back. */
  commandsMayRun: () => void;
}

/** Begins to look whether somebody wants this deployment, whose process we are, to end. */
export function watchForCancellation(home: Home, journal: Journal, id: number): Cancellation {
  const asked = new AbortController();
  let killing: NodeJS.Timeout | undefined;
  const end = (why: KnownError): void => {
    if (asked.signal.aborted) return;
    asked.abort(why);
    // a command that runs just now, or begins just now, is ended; its failure then counts as the abort
    killing = setInterval(() => void killMarkedProcesses(home, id), LOOK_EVERY_MS);
    void killMarkedProcesses(home, id);
  };
  process.on('SIGTERM', () => end(stoppedByNpmStop()));
  setInterval(() => {
    if (wantsAbort(journal, id)) end(abortedByOperator());
  }, LOOK_EVERY_MS).unref();
  return { signal: asked.signal, commandsMayRun: () => clearInterval(killing) };
}

/** A busy journal is looked at again. */
function wantsAbort(journal: Journal, id: number): boolean {
  try {
    return journal.get(id)?.wish === 'abort';
  } catch {
    return false;
  }
}
