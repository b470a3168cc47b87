/** Slots, the processes that run in them, and the proof that identifies a process. */
import type { Commit } from './release';

/** A place where a release runs: `blue`, `green`, more in a larger pool. */
export type SlotName = string;

export interface Slot {
  name: SlotName;
  port: number;
}

export type ProcessStatus =
  | 'starting'
  | 'online'
  /** Runs and responds, but not healthily; it may still handle user requests. */
  | 'unhealthy'
  | 'stopping'
  | 'stopped'
  | 'crashed';

/** The process in a slot, as the runtime reports it. */
export interface RunningSlot extends WithEnvironment {
  slot: SlotName;
  commit: Commit;
  /** Random value for this start; a response that contains it comes from this process. */
  instance: string;
  pid: number | null;
  /** How often the runtime has restarted it since `start`. */
  restarts: number;
  status: ProcessStatus;
  /** The exit code of its last process; null before the first exit, and if a signal killed it. */
  exitCode: number | null;
  /** The signal that killed its last process, where the runtime reports it apart from the exit code. */
  signal?: string;
  /** True for a process that outlived its process manager, so nothing would restart it. */
  orphan?: boolean;
  /** The id of its container, which stays the same across restarts; absent under PM2. */
  container?: string;
}

/** Identifies a process: only this one start can answer with it. */
export interface Proof {
  slot: SlotName;
  commit: Commit;
  instance: string;
  /** The restart count must still be this. */
  restarts: number;
}

/** The proofs of several slots that are live with the same release. */
export interface Proofs extends Proof {
  others?: Proof[];
}

/** The app environment of a process. */
export interface WithEnvironment {
  /** Number of the app environment; absent for none. */
  environment?: number;
}

export interface Serving {
  slot: SlotName;
  commit: Commit;
  version: string;
}
