/**
 * The interfaces between the pipeline and its parts: Strategy plans, Runtime starts and stops processes, Traffic shifts
 * requests, and Packing packs releases. pipeline/run.ts uses them only through these methods.
 */
import type { CommandExit } from './machine-fault';
import type { Observed, Plan } from './plan';
import type { Commit, Release } from './release';
import type { RunningSlot, Slot, SlotName } from './slot';
import type { Table } from './traffic-table';

export interface PlanInput {
  observed: Observed;
  /** The release to make live. */
  release: Release;
  /** The slots of the pool. */
  slots: SlotName[];
  /** The slot the operator asked for, if any. */
  wanted: SlotName | null;
  /** Number of the app environment that the release runs with; 0 for none. */
  environment: number;
  /** Unique id for the process that will be started. */
  instance: string;
  /** Unique id for a process that an undo starts again. */
  undoInstance: string;
  bakeSeconds: number;
  /** True if the release is to hold, verified, so that an operator can try it before it goes live. */
  hold: boolean;
  /** True if slots that already run the release get a new process. */
  again: boolean;
  canary: CanarySteps;
  rolling: RollingRule;
  /** False if the release's schema is already in place, as for a rollback or a restore. */
  migrate: boolean;
}

/** The keys of `canary` in the configuration that decide its steps. */
export interface CanarySteps {
  /** The canary's share of the users at each step, in per cent, or a pause that waits for an operator. */
  steps: (number | 'pause')[];
  /** Minimum length of each step. */
  seconds: number;
}

/** `rolling` in the configuration. */
export interface RollingRule {
  /** How many slots at a time: a number, or a share of all slots such as `25%`. */
  batch: number | string;
  /** Minimum number of slots in service. */
  minHealthy: number;
  onFailure: 'undo' | 'hold';
}

/** Pure: plans the steps, each with its undo, from the observed state, the release and the request. */
export interface Strategy {
  plan(input: PlanInput): Plan;
}

export interface Runtime {
  /**
   * Starts a release in a slot and returns once its process exists, before it is healthy. Throws E_RUNTIME.
   * @param environment number of the app's own variables, none by default; the process keeps them across restarts
   */
  start(slot: Slot, release: Release, instance: string, environment?: number): Promise<RunningSlot>;
  /**
   * SIGTERM, then SIGKILL after the stop time-out. Returns when the process is gone. Does nothing for an empty slot.
   */
  stop(slot: SlotName): Promise<void>;
  /** The actual state of each slot's process. @param only the one slot to check, which saves waiting for the others */
  list(only?: SlotName): Promise<RunningSlot[]>;
  /** The slot's last output lines, oldest first. @param since only those since then, in milliseconds since 1970 */
  logs(slot: SlotName, lines: number, since?: number): Promise<string[]>;
  /** Yields the last lines, then each group of new ones, across restarts and rotations, until the signal. */
  follow(slot: SlotName, lines: number, signal?: AbortSignal, since?: number): AsyncGenerator<string[]>;
  /**
   * Why the slot's last process exited, as one clause, if the runtime knows more than the exit code; otherwise null.
   */
  exitReason(slot: SlotName): Promise<string | null>;
}

export interface Traffic {
  /** Creates the files of these tables in advance, so that no shift to them can fail on a full disk. */
  prepare(tables: Table[]): Promise<void>;
  /** One atomic rename; this table applies from the next request on. */
  shift(to: Table): Promise<void>;
  /** The table that nginx reads now. Throws E_UNREADABLE_TABLE when there is none. */
  current(): Promise<Table>;
  /**
   * Requests the health path through nginx and returns which process answered.
   * @param signal cancels the request
   * @param slot sends the request as a user of this slot where several are live; left out: as any user
   */
  verify(healthPath: string, signal?: AbortSignal, slot?: SlotName): Promise<ProbeAnswer>;
  /**
   * For a verify without an answer: true if nginx drops new connections, including the probe's, and its workers find
   * this slot in the table. Throws E_UNREADABLE_TABLE.
   */
  isOverloaded(slot: SlotName): Promise<boolean>;
}

/** The response of a health path, or why there was none. */
export interface ProbeAnswer {
  /** HTTP status, or null if there was no answer. */
  status: number | null;
  commit: string | null;
  instance: string | null;
  /** Duration in milliseconds. */
  ms: number;
  /** True if 103 Early Hints came before the answer. */
  earlyHints?: boolean;
  /** One clause for the operator: `503 {"status":"stopping"}`, `connection refused`. */
  message: string;
}

/** A program with its arguments, folder and whole environment. */
export interface OperatorCommand {
  argv: string[];
  cwd: string;
  env: Record<string, string>;
}

/** How a release is packed for its runtime: a built folder for PM2, an image for containers. */
export interface Packing {
  /** True if a release runs from its folder, with the packages installed there. */
  fromFolder: boolean;
  /**
   * Packs a checked-out commit and writes the output to the deployment's log. Returns a clause for the journal.
   * @param environment number of the environment whose variables the build gets
   */
  pack(release: Release, deploymentId: number, environment: number): Promise<string | void>;
  /**
   * False if the pack is missing, for example after its image was removed by hand; the release is then packed again.
   */
  has(release: Release): Promise<boolean>;
  /**
   * Runs one of the release's own commands (its migration) to completion in the app's environment.
   * @param environment number of the app's own variables
   */
  runOnce(argv: string[], release: Release, deploymentId: number, environment: number): Promise<CommandExit>;
  /** Wraps a command so that an operator can run it in the app's environment from a terminal. Throws E_ENGINE. */
  operatorCommand(argv: string[], release: Release, environment: number): Promise<OperatorCommand>;
  /** Kills the commands that a killed deployment left running. */
  killRuns(): Promise<void>;
  /**
   * Removes the packs of a commit that is not running. Does nothing if there are none.
   * @param only this one of the commit's releases
   */
  remove(commit: Commit, only?: Release): Promise<void>;
}
