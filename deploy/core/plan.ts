/** What a strategy gets and what it returns. */
import type { Commit } from './release';
import type { Proof, Proofs, RunningSlot, SlotName, WithEnvironment } from './slot';
import type { Table } from './traffic-table';

/** What runs now: always looked at, never remembered. */
export interface Observed {
  table: Table;
  slots: RunningSlot[];
}

/** One thing the runner can do to processes or traffic. */
export type Step =
  | ({ do: 'migrate'; commit: Commit } & WithEnvironment)
  /** Waits until a person promotes what was verified, or aborts. */
  | ({ do: 'hold' } & Proof)
  | ({ do: 'start' } & Proof & WithEnvironment)
  | { do: 'stop'; slot: SlotName }
  | ({ do: 'verify' } & Proof)
  | { do: 'shift'; to: Table }
  /** Compares it with the slots that serve the others, for so many seconds; null for until a person says so. */
  | ({ do: 'judge'; against: SlotName[]; share: number; seconds: number | null } & Proof)
  | ({ do: 'verify-live' } & Proofs)
  | ({ do: 'bake'; seconds: number } & Proofs);

export interface PlannedStep {
  step: Step;
  /** What takes the step back, in the order in which it is done. Empty: nothing to take back. */
  undo: Step[];
  /**
   * When this step fails, only what was done from this step on is taken back, and a person is waited for: it is tried
   * again from there, or everything is taken back. Left out: everything is taken back at once.
   */
  again?: number;
}

export type Plan = PlannedStep[];
