/** Builds journal events for tests of reporters, and an output that captures what is written to it. */
import type { Deployment } from '../../deploy/core/deployment';
import type { Entry, JournalEvent } from '../../deploy/core/event';
import type { Journal } from '../../deploy/journal/journal';
import type { Output } from '../../deploy/reporters/reporter';

type Phase = Extract<Entry, { type: 'phase' }>;

/** The events of one deployment, in order. */
export function events(...entries: Entry[]): JournalEvent[] {
  return entries.map((entry, index) => ({ id: index + 1, deployment: 1, at: 1000 + index, entry }));
}

/** A phase from its start to its end. */
export function phase(name: Phase['phase'], ms: number, rest: Partial<Phase> = {}): Entry[] {
  const entry = { type: 'phase', phase: name } as const;
  return [
    { ...entry, undo: rest.undo, status: 'started' },
    { ...entry, status: 'done', ms, ...rest },
  ];
}

/** A journal that contains these deployments. */
export function journalOf(...deployments: Deployment[]): Journal {
  return { get: (id: number) => deployments.find((each) => each.id === id) ?? null } as unknown as Journal;
}

export interface CapturedOutput extends Output {
  text(): string;
}

export function captureOutput(known: Partial<Output> = {}): CapturedOutput {
  let text = '';
  return { ...known, write: (more: string) => (text += more), text: () => text };
}
