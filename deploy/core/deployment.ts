/** A deployment as the journal keeps it: data only, so that another process can read it back. */
import type { Plan } from './plan';
import type { Commit } from './release';
import type { Serving, SlotName } from './slot';

/** `env` makes the release that serves live again, with another environment. */
export type DeploymentKind = 'deploy' | 'rollback' | 'restore' | 'env';

export type Trigger = 'push' | 'webhook' | 'poll' | 'command' | 'start' | 'watch';

export type DeploymentState =
  | 'queued'
  | 'running'
  | 'holding'
  | 'baking'
  | 'succeeded'
  | 'failed'
  | 'rolled-back'
  | 'aborted'
  | 'superseded'
  | 'interrupted';

/** Whose fault a failure is: a commit's marks the commit bad, a machine's does not. */
export type Fault = 'commit' | 'machine' | 'operator';

/** What a person wants of a deployment that is at work. */
export type OperatorRequest = 'promote' | 'abort' | 'pause' | 'resume';

/** One attempt to make a release live. */
export interface Deployment {
  id: number;
  kind: DeploymentKind;
  trigger: Trigger;
  /** The branch that moved; the commit is then its tip in the source. Null when a commit was named. */
  branch: string | null;
  commit: Commit | null;
  /** The slot a person asked for; null lets the strategy choose. */
  slot: SlotName | null;
  /** The one that a person asked for; null until it is chosen. */
  strategy: string | null;
  /** The number of the app's environment that it starts its release with; null until it is chosen. */
  environment: number | null;
  /** True when it is to wait, verified, until a person promotes it. */
  hold: boolean;
  /** The last thing a person asked of it. */
  wish: OperatorRequest | null;
  state: DeploymentState;
  version: string | null;
  /** What served when it began. */
  from: Serving | null;
  /** What it made live, or meant to. */
  to: Serving | null;
  /** Written before the first step, so that another process can finish or undo it. */
  plan: Plan | null;
  /** Process id of the deployment's own process. */
  pid: number | null;
  fault: Fault | null;
  errorCode: string | null;
  /** One line: why it did not go through. */
  cause: string | null;
  /** One thing to do about it. */
  hint: string | null;
  /** GitHub's delivery id, or the hook's: the same delivery twice is one deployment. */
  delivery: string | null;
  /** Milliseconds since 1970. */
  createdAt: number;
  startedAt: number | null;
  /** When it began to wait for a person, and when that person said yes. */
  heldAt: number | null;
  promotedAt: number | null;
  liveAt: number | null;
  /** Where its going live stands among the journal's events. It orders releases; `liveAt` is for people. */
  live: number | null;
  finishedAt: number | null;
  /** Requests nginx answered during the switch, and those of them that failed. */
  served: number | null;
  failed: number | null;
  /** For how long users got the maintenance page, in milliseconds; null for not at all. */
  downMs: number | null;
  /** Of the migration that it has run, or begun; null before it. */
  migration: Migration | null;
}

/** What a deployment's migration met: the release that was live, and what became of it. */
export interface Migration {
  /** What the live release answered well before it. */
  sound: { slot: SlotName; commit: Commit; path: string }[];
  /** What its users were answered before it. */
  before: { requests: number; errors: number };
  /** Why that release fails since, as one clause; null while it works. */
  liveFails: string | null;
  /** The folder with the data from before, or null where there was none. */
  copy: string | null;
  /** False where the copied files have the same schema as before; null where that is not known. */
  moved: boolean | null;
}
