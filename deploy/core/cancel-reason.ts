/** Why a deployment stops early: an operator aborts it, or `npm stop` stops everything. */
import { KnownError, asKnown } from './errors';

export function abortedByOperator(): KnownError {
  return new KnownError('E_ABORTED', 'It was aborted by an operator.');
}

export function stoppedByNpmStop(): KnownError {
  return new KnownError('E_STOPPED', 'It was stopped by npm stop.');
}

/** True for npm stop, which leaves the live release running. */
export function isStopped(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && asKnown(signal.reason).code === 'E_STOPPED';
}

/** The error to report. A command that fails after a cancellation fails because of it, so the cancellation wins. */
export function cancelReason(error: unknown, signal: AbortSignal | undefined): KnownError {
  return asKnown(signal?.aborted ? signal.reason : error);
}
