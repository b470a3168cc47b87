/** The context that every step gets, and the outcome that it returns. */
import type { Commit } from '../../core/release';
import type { Counts } from '../../core/verdict';

export interface StepContext {
  deploymentId: number;
  /** The previous release's response counts, for the bake. */
  before: () => Counts;
  /** True if an operator wants this deployment's bake to end now. */
  bakeEnded: () => boolean;
  /** Called continuously while the release is held or a canary is judged. */
  onHold: () => void;
  /** Users who got an error from a canary. */
  affected: Set<string>;
  /** Called before an undo starts a release that ran before. */
  beforeStart?: (commit: Commit) => Promise<void>;
  /** Aborts waiting. An undo has none: it always runs to completion. */
  signal?: AbortSignal;
}

export interface Outcome {
  /** One clause for the journal. */
  detail: string;
  /** True if an operator ended the bake: no further step runs, and nothing is undone. */
  ended?: boolean;
  /** True if an operator skips the remaining steps of a canary. */
  promoted?: boolean;
}
