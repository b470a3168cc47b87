/** A deployment as the journal stores it: plain data, so that another process can read it. */
import type { Plan } from './plan';
import type { Commit } from './release';
import type { Serving, SlotName } from './slot';

/** `env` makes the active release live again with another environment, and `restart` with the same one. */
export type DeploymentKind = 'deploy' | 'rollback' | 'restore' | 'env' | 'restart';

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

/** The cause of a failure: a commit fault marks the commit bad, a machine fault does not. */
export type Fault = 'commit' | 'machine' | 'operator';

/** An operator's request to a deployment in progress. */
export type OperatorRequest = 'promote' | 'abort' | 'pause' | 'resume';

/** One attempt to make a release live. */
export interface Deployment {
  id: number;
  kind: DeploymentKind;
  trigger: Trigger;
  /** The branch that moved; its tip in the source is deployed. Null if the request named a commit. */
  branch: string | null;
  commit: Commit | null;
  /** The tip that the webhook announced; null for other requests. Never a choice of commit. */
  expected: Commit | null;
  /** The slot the operator asked for; null lets the strategy choose. */
  slot: SlotName | null;
  /** The strategy the operator asked for; null until one is chosen. */
  strategy: string | null;
  /** Number of the app environment that the release starts with; null until one is chosen. */
  environment: number | null;
  /** True if the deployment is to hold, verified, until an operator promotes it. */
  hold: boolean;
  /** The latest operator request. */
  request: OperatorRequest | null;
  state: DeploymentState;
  version: string | null;
  /** The release that was live when the deployment started. */
  from: Serving | null;
  /** The release that the deployment made live or was to make live. */
  to: Serving | null;
  /** Written before the first step, so that another process can finish or undo the plan. */
  plan: Plan | null;
  /** Process id of the deployment's own process. */
  pid: number | null;
  fault: Fault | null;
  errorCode: string | null;
  /** One line: why the deployment failed. */
  cause: string | null;
  /** One action that fixes it. */
  hint: string | null;
  /** The setting whose value led to the failure. With another value the commit may be tried again. */
  limit: { name: string; value: unknown } | null;
  /** The delivery id of GitHub or the hook: two requests with the same delivery are one deployment. */
  delivery: string | null;
  /** Milliseconds since 1970. */
  createdAt: number;
  startedAt: number | null;
  /** When the deployment started to hold, and when an operator promoted it. */
  heldAt: number | null;
  promotedAt: number | null;
  liveAt: number | null;
  /** Position of the `live` event in the journal. Orders releases; `liveAt` is only displayed. */
  live: number | null;
  finishedAt: number | null;
  /** Requests that nginx answered during the shift, and how many of them failed. */
  served: number | null;
  failed: number | null;
  /** How long users got the maintenance page, in milliseconds; null if they did not. */
  downMs: number | null;
  /** The migration that has started or finished; null before it. */
  migration: Migration | null;
}

/**
 * The state around a deployment's migration: the live release before it, and the migration's effect on that release.
 */
export interface Migration {
  /** The paths that the live release answered correctly before the migration. */
  sound: { slot: SlotName; commit: Commit; path: string }[];
  /** The user requests and errors of the live release before the migration. */
  before: { requests: number; errors: number };
  /** Why the live release has failed since the migration, as one clause; null while it works. */
  liveFails: string | null;
  /** The folder with the data snapshot from before the migration, or null if there was no data. */
  copy: string | null;
  /** False if the copied files still have the same schema; null if that is unknown. */
  schemaChanged: boolean | null;
}
