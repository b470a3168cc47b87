/** The context that every step gets, and the outcome that it returns. */
import type { Commit } from '../../core/release';
import type { Counts } from '../../core/verdict';

export interface StepContext {
  deploymentId: number;
  /** What the previous release answered, for the bake. */
  before: () => Counts;
  /** True when an operator wants this deployment's bake to end now. */
  bakeEnded: () => boolean;
  /** Called all the time while the release is held or a canary is judged. */
  onHold: () => void;
  /** Users who got an error from a canary. */
  affected: Set<string>;
  /** Called before an undo starts a release that ran before. */
  beforeStart?: (commit: Commit) => Promise<void>;
  /** Aborts waiting. An undo has none: it always runs to its end. */
  signal?: AbortSignal;
}

export interface Outcome {
  /** One clause for the journal. */
  detail: string;
  /** True when an operator ended the bake: no further step, and no undo. */
  ended?: boolean;
  /** True when an operator skips the remaining steps of a canary. */
  promoted?: boolean;
}
