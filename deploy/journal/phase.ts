/** Reports a phase of a deployment from its start to its end. */
import { KnownError } from '../core/errors';
import type { Entry, PhaseName } from '../core/event';
import { cancelReason } from '../core/cancel-reason';
import { machineMs } from '../os/machine-clock';
import { isDiskFull } from '../os/disk-full';

export interface PhaseReport {
  /** Receives the journal entries. */
  report: (entry: Entry) => unknown;
  /** Aborted with a KnownError if the deployment is cancelled. The canceller also kills the deployment's commands. */
  signal?: AbortSignal;
  /** Turns a failure into the error to report and throw. Default: the failure itself. */
  explain?: (error: unknown) => KnownError;
}

/** A phase by its name; a step of the plan also has its index. */
type PhaseKey = Pick<Extract<Entry, { type: 'phase' }>, 'phase' | 'step' | 'undo'>;

/**
 * Runs a phase and reports its start and end. Throws the signal's reason.
 * @param say turns the result into a clause for the journal, or null
 */
export async function phase<T>(
  work: PhaseReport,
  name: PhaseName | PhaseKey,
  does: () => Promise<T>,
  say: (result: T) => string | null = asClause,
): Promise<T> {
  work.signal?.throwIfAborted();
  const key = typeof name === 'string' ? { phase: name } : name;
  const entry = { type: 'phase', ...key } as const;
  const startedAt = machineMs();
  const ms = (): number => machineMs() - startedAt;
  await work.report({ ...entry, status: 'started' });
  try {
    const result = await does();
    const detail = say(result);
    await work.report({ ...entry, status: 'done', ...(detail && { detail }), ms: ms() });
    return result;
  } catch (error) {
    const why = work.explain?.(error);
    const detail = (why ?? phaseFailure(error, work.signal)).message;
    await work.report({ ...entry, status: 'failed', detail, ms: ms() });
    throw why ?? error;
  }
}

function asClause(result: unknown): string | null {
  return typeof result === 'string' ? result : null;
}

/** Reports phases that are not needed. */
export async function skip(
  work: PhaseReport,
  phases: readonly PhaseName[],
  detail = 'built before',
): Promise<void> {
  for (const phase of phases) await work.report({ type: 'phase', phase, status: 'skipped', detail });
}

/** The error for the real cause of a command killed by an abort, or of our own failed write to a full disk. */
export function phaseFailure(error: unknown, signal: AbortSignal | undefined): KnownError {
  if (signal?.aborted) return cancelReason(error, signal);
  const text = error instanceof Error ? `${(error as NodeJS.ErrnoException).code} ${error.message}` : '';
  if (!(error instanceof KnownError) && isDiskFull([text])) {
    return new KnownError('E_DISK', 'The disk is full.');
  }
  return cancelReason(error, signal);
}
