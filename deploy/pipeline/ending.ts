/**
 * A deployment that is to end before its end: an operator aborts it (it stands in the journal), or `npm stop` ends
 * everything (SIGTERM). Both reach the steps as one signal, whose reason says which it was.
 */
import { KnownError, asKnown } from '../core/errors';
import type { Home } from '../home';
import type { Journal } from '../journal/journal';
import { endSurvivors } from './survivors';

const LOOK_EVERY_MS = 100;

export interface Ending {
  /** Aborted with the KnownError that the deployment ends with. */
  signal: AbortSignal;
  /** From now on commands are let alone: what comes is the taking back. */
  commandsMayRun: () => void;
}

/** Begins to look whether somebody wants this deployment, whose process we are, to end. */
export function whenAskedToEnd(home: Home, journal: Journal, id: number): Ending {
  const asked = new AbortController();
  let killing: NodeJS.Timeout | undefined;
  const end = (why: KnownError): void => {
    if (asked.signal.aborted) return;
    asked.abort(why);
    // a command that runs just now, or begins just now, is ended; its failure then counts as the abort
    killing = setInterval(() => void endSurvivors(home, id), LOOK_EVERY_MS);
    void endSurvivors(home, id);
  };
  process.on('SIGTERM', () => end(stopped()));
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

export function abortedByOperator(): KnownError {
  return new KnownError('E_ABORTED', 'It was aborted by an operator.');
}

function stopped(): KnownError {
  return new KnownError('E_STOPPED', 'It was ended by npm stop.');
}

/** True when it is npm stop that ends it, which leaves alone what is live. */
export function isStopped(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && asKnown(signal.reason).code === 'E_STOPPED';
}

/** What a failure is told as: what an ended deployment's commands and questions complain about is the ending itself. */
export function whyItEnds(error: unknown, signal: AbortSignal | undefined): KnownError {
  return asKnown(signal?.aborted ? signal.reason : error);
}
