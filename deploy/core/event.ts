/** The journal's events; all output for operators is built from them. */
import type { DeploymentState } from './deployment';
import type { Step } from './plan';
import type { Serving, SlotName } from './slot';

/** The stages of a deployment that support hooks. */
export type Stage = 'prepare' | 'migrate' | 'start' | 'shift' | 'live';

/** When a hook runs. */
export type Moment = `before ${Stage}` | `after ${Stage}` | 'failure';

export type PhaseName = 'fetch' | 'check out' | 'install' | 'test' | 'build' | Step['do'] | Moment;

/** The reason for an incident. Code compares this; the message is for operators only. */
export type IncidentReason =
  // of a slot
  | 'exited'
  | 'crashes'
  | 'silent'
  | 'answers'
  | 'hung'
  | 'unhealthy'
  | 'port-taken'
  | 'healthy'
  | 'returned'
  | 'restored'
  | 'migration'
  // of the machine around the slots
  | 'engine'
  | 'nginx'
  | 'traffic-table'
  | 'process-manager'
  | 'configuration'
  | 'journal'
  // of a scheduled task
  | TaskName;

/** The deployer's scheduled tasks. */
export type TaskName = 'poll' | 'prune' | 'rotate';

/** One journal entry. */
export type Entry =
  | { type: 'state'; state: DeploymentState; cause?: string }
  /** `held`: the deployment ahead in the queue is waiting for an operator. */
  | { type: 'waiting'; behind: number; held?: boolean }
  | {
      type: 'phase';
      phase: PhaseName;
      status: 'started' | 'done' | 'skipped' | 'failed';
      /** Index in the plan, for a step. */
      step?: number;
      /** True if the phase undoes a step. */
      undo?: boolean;
      /** One short clause: `green, pid 4711`, `built before`. */
      detail?: string;
      /** Duration in milliseconds, once the phase is over. */
      ms?: number;
    }
  | {
      type: 'live';
      serving: Serving;
      previous: Serving | null;
      ms: number;
      served: number;
      failed: number;
      /** The command that rolls this deployment back, and its expected duration in milliseconds where known. */
      back: { command: string; ms: number | null } | null;
      /** How long the bake lasts; 0 for no bake. */
      bakeSeconds: number;
      /** How long users got the maintenance page, and how many requests got it. */
      down?: { ms: number; turnedAway: number };
    }
  /** How far a long step is, such as a canary's; the next one replaces it. */
  | { type: 'progress'; message: string }
  /** Information; nothing is wrong. */
  | { type: 'note'; message: string }
  | { type: 'warning'; message: string }
  | { type: 'incident'; reason: IncidentReason; message: string; slot?: SlotName };

export interface JournalEvent {
  id: number;
  deployment: number | null;
  /** Milliseconds since 1970. */
  at: number;
  entry: Entry;
}

/** A recorded incident. */
export interface Incident {
  id: number;
  at: number;
  /** Null where an older kit recorded it. */
  reason: IncidentReason | null;
  slot: SlotName | null;
  message: string;
}
