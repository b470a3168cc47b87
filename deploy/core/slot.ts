/** Slots, the processes that run in them, and what proves a process. */
import type { Commit } from './release';

/** A place where a release runs: `blue`, `green`, more for a larger pool. */
export type SlotName = string;

export interface Slot {
  name: SlotName;
  port: number;
}

export type ProcessStatus =
  | 'starting'
  | 'online'
  /** It runs and answers, but not as a healthy process does: users may still be served. */
  | 'unhealthy'
  | 'stopping'
  | 'stopped'
  | 'crashed';

/** What really runs in a slot, as the runtime reports it. */
export interface RunningSlot extends WithEnvironment {
  slot: SlotName;
  commit: Commit;
  /** A value that only this start of this process knows: the proof that an answer comes from it. */
  instance: string;
  pid: number | null;
  /** How often the runtime has started it again since `start`. */
  restarts: number;
  status: ProcessStatus;
  exitCode: number | null;
  /** True for a process that lives on after its process manager died: nobody would start it again. */
  orphan?: boolean;
}

/** What proves a process: only this start of it can answer so. */
export interface Proof {
  slot: SlotName;
  commit: Commit;
  instance: string;
  /** The restart count that it must keep. */
  restarts: number;
}

/** The same of several slots, which serve one release together. */
export interface Proofs extends Proof {
  others?: Proof[];
}

/** What runs, or is to run, with the app's own environment. */
export interface WithEnvironment {
  /** Its number; absent for none. */
  environment?: number;
}

export interface Serving {
  slot: SlotName;
  commit: Commit;
  version: string;
}
