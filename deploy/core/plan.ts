/** The input and the output of a strategy. */
import type { Commit } from './release';
import type { Proof, Proofs, RunningSlot, SlotName, WithEnvironment } from './slot';
import type { Table } from './traffic-table';

/** The current state, always probed and never remembered. */
export interface Observed {
  table: Table;
  slots: RunningSlot[];
}

/** One action of the runner on processes or traffic. */
export type Step =
  | ({ do: 'migrate'; commit: Commit } & WithEnvironment)
  /** Waits until an operator promotes or aborts the verified release. */
  | ({ do: 'hold' } & Proof)
  | ({ do: 'start' } & Proof & WithEnvironment)
  | { do: 'stop'; slot: SlotName }
  | ({ do: 'verify' } & Proof)
  | { do: 'shift'; to: Table }
  /** Compares the release with the other live slots for this many seconds; null waits for an operator. */
  | ({ do: 'judge'; against: SlotName[]; share: number; seconds: number | null } & Proof)
  | ({ do: 'verify-live' } & Proofs)
  | ({ do: 'bake'; seconds: number } & Proofs);

export interface PlannedStep {
  step: Step;
  /** The steps that undo this one, in order. Empty: nothing to undo. */
  undo: Step[];
  /**
   * Index of the step to retry from. If this step fails, only the steps from there on are undone, and the deployment
   * holds until an operator retries or aborts it. If left out, a failure undoes the whole deployment.
   */
  again?: number;
}

export type Plan = PlannedStep[];
