/** What the journal records: everything an operator sees is made from these events. */
import type { DeploymentState } from './deployment';
import type { Step } from './plan';
import type { Serving, SlotName } from './slot';

/** What a deployment goes through that an owner may have a hook around. */
export type Stage = 'prepare' | 'migrate' | 'start' | 'shift' | 'live';

/** When a hook runs. */
export type Moment = `before ${Stage}` | `after ${Stage}` | 'failure';

export type PhaseName = 'fetch' | 'check out' | 'install' | 'test' | 'build' | Step['do'] | Moment;

/** What the journal tells, one entry after the other. Everything people see is made from these. */
export type Entry =
  | { type: 'state'; state: DeploymentState; cause?: string }
  /** `held`: what is ahead waits for a person itself. */
  | { type: 'waiting'; behind: number; held?: boolean }
  | {
      type: 'phase';
      phase: PhaseName;
      status: 'started' | 'done' | 'skipped' | 'failed';
      /** Index in the plan, for a step. */
      step?: number;
      /** True when the phase takes a step back. */
      undo?: boolean;
      /** One short clause: `green, pid 4711`, `built before`. */
      detail?: string;
      /** Duration in milliseconds, when it is over. */
      ms?: number;
    }
  | {
      type: 'live';
      serving: Serving;
      previous: Serving | null;
      ms: number;
      served: number;
      failed: number;
      /** The command that takes this back, and about how long it would take in milliseconds, where known. */
      back: { command: string; ms: number | null } | null;
      /** How long it is watched from now on; 0 for not at all. */
      bakeSeconds: number;
      /** For how long users got the maintenance page, and how many were told to come back. */
      down?: { ms: number; turnedAway: number };
    }
  /** Something to know, at which nothing is wrong. */
  | { type: 'note'; message: string }
  | { type: 'warning'; message: string }
  | { type: 'incident'; message: string; slot?: SlotName };

export interface JournalEvent {
  id: number;
  deployment: number | null;
  /** Milliseconds since 1970. */
  at: number;
  entry: Entry;
}
