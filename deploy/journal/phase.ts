/** A phase of the preparation, told to its report from its start to its end. */
import { KnownError } from '../core/errors';
import type { Entry, PhaseName } from '../core/event';
import { cancelReason } from '../core/cancel-reason';
import { machineMs } from '../os/machine-clock';
import { isDiskFull } from '../os/disk-full';

export interface PhaseReport {
  /** Gets what the journal is to tell. */
  report: (entry: Entry) => unknown;
  /** Aborted, with the KnownError to end with, when somebody ends the deployment; whoever aborts also ends its commands. */
  signal?: AbortSignal;
}

/** Does a phase's work and tells its beginning and end. Throws the signal's reason. @param say a clause for the journal, or nothing */
export async function phase<T>(
  work: PhaseReport,
  name: PhaseName,
  does: () => Promise<T>,
  say: (result: T) => string | null = asClause,
): Promise<T> {
  work.signal?.throwIfAborted();
  const entry = { type: 'phase', phase: name } as const;
  const begun = machineMs();
  const ms = (): number => machineMs() - begun;
  await work.report({ ...entry, status: 'started' });
  try {
    const result = await does();
    const detail = say(result);
    await work.report({ ...entry, status: 'done', ...(detail && { detail }), ms: ms() });
    return result;
  } catch (error) {
    const detail = explained(error, work.signal).message;
    await work.report({ ...entry, status: 'failed', detail, ms: ms() });
    throw error;
  }
}

function asClause(result: unknown): string | null {
  return typeof result === 'string' ? result : null;
}

/** Tells of phases that need not be done. */
export async function skip(
  work: PhaseReport,
  phases: readonly PhaseName[],
  detail = 'built before',
): Promise<void> {
  for (const phase of phases) await work.report({ type: 'phase', phase, status: 'skipped', detail });
}

/** A command that was killed by an abort, or our own write to a full disk, is told as what it was. */
export function explained(error: unknown, signal: AbortSignal | undefined): KnownError {
  if (signal?.aborted) return cancelReason(error, signal);
  const text = error instanceof Error ? `${(error as NodeJS.ErrnoException).code} ${error.message}` : '';
  if (!(error instanceof KnownError) && isDiskFull([text])) {
    return new KnownError('E_DISK', 'The disk is full.');
  }
  return cancelReason(error, signal);
}
