/**
 * The three seams. A strategy decides, a runtime starts and stops, a traffic moves requests; the runner
 * in pipeline/run.ts knows them only by these methods.
 */
import type { Observed, Plan } from './plan';
import type { Commit, Release } from './release';
import type { RunningSlot, Slot, SlotName } from './slot';
import type { Table } from './traffic-table';

export interface PlanInput {
  observed: Observed;
  /** What is to be live. */
  release: Release;
  /** What serves now and what stands warm, as far as a release of it is known. */
  slots: SlotName[];
  /** The slot a person asked for, if any. */
  wanted: SlotName | null;
  /** The number of the app's environment that the release is to run with; 0 for none. */
  environment: number;
  /** Fresh proof for the process that will be started. */
  instance: string;
  /** Fresh proof for a process that an undo starts again. */
  undoInstance: string;
  bakeSeconds: number;
  /** True when a person wants to try it, verified, before anyone gets it. */
  hold: boolean;
  canary: CanarySteps;
  rolling: RollingRule;
  /** False for a release whose schema is already there: a rollback, a restore. */
  migrate: boolean;
}

/** `canary` of the configuration, as far as it decides the steps. */
export interface CanarySteps {
  /** Its share of the users, in per cent, from step to step; or a pause until a person says so. */
  steps: (number | 'pause')[];
  /** How long each step is at least. */
  seconds: number;
}

/** `rolling` of the configuration. */
export interface RollingRule {
  /** How many slots at a time: a number, or a share of all such as `25%`. */
  batch: number | string;
  /** Never fewer slots than this in service. */
  minHealthy: number;
  onFailure: 'undo' | 'hold';
}

/** Pure: what runs now, the release, the wishes -> the steps with their undos. */
export interface Strategy {
  plan(input: PlanInput): Plan;
}

export interface Runtime {
  /**
   * Launches a release in a slot and returns when its process exists, not when it is healthy. Throws E_RUNTIME.
   * @param environment number of the app's own variables, none unless told; started again by itself it keeps them
   */
  start(slot: Slot, release: Release, instance: string, environment?: number): Promise<RunningSlot>;
  /** SIGTERM, then SIGKILL after the stop time-out. Returns when the process is gone. Stopping an empty slot does nothing. */
  stop(slot: SlotName): Promise<void>;
  /** What really runs, slot by slot. @param only whoever asks about one slot need not wait for the others */
  list(only?: SlotName): Promise<RunningSlot[]>;
  /** The last lines a slot has written, oldest first. */
  logs(slot: SlotName, lines: number): Promise<string[]>;
  /** What has ended the slot's process last, where the runtime knows more than its exit code: one clause, or null. */
  endedBy(slot: SlotName): Promise<string | null>;
}

export interface Traffic {
  /** Makes what these tables need on the disk, so that no shift to one of them can fail for want of room. */
  prepare(tables: Table[]): Promise<void>;
  /** One atomic rename: from the next request on, this table holds. */
  shift(to: Table): Promise<void>;
  /** The table that nginx looks at now. Throws E_UNREADABLE_TABLE when there is none. */
  current(): Promise<Table>;
  /**
   * Asks the health path through nginx and returns who answered.
   * @param signal gives the question up
   * @param slot asks as somebody whom this slot serves, where several do; left out: as anybody
   */
  verify(healthPath: string, signal?: AbortSignal, slot?: SlotName): Promise<ProbeAnswer>;
}

/** What a health path answered, or why it did not. */
export interface ProbeAnswer {
  /** HTTP status, or null when nobody answered. */
  status: number | null;
  commit: string | null;
  instance: string | null;
  /** Duration in milliseconds. */
  ms: number;
  /** One clause for a person: `503 {"status":"stopping"}`, `connection refused`. */
  said: string;
}

/** How a release is packed for its runtime: a built folder for PM2, an image for containers. */
export interface Packing {
  /** True when a release runs from its folder, with the packages that are installed there. */
  fromFolder: boolean;
  /** Packs a checked-out commit, its output in the deployment's log. Returns a clause for the journal. */
  pack(release: Release, deploymentId: number): Promise<string | void>;
  /** False when the pack is gone, as for an image that somebody has removed by hand: it is then packed again. */
  has(release: Release): Promise<boolean>;
  /**
   * Runs a command of the release's own to its end, as the app itself would run: its migration.
   * @param environment number of the app's own variables
   */
  runOnce(argv: string[], release: Release, deploymentId: number, environment: number): Promise<CommandEnd>;
  /** Ends the commands that a killed deployment has left running. */
  endRuns(): Promise<void>;
  /** Takes it off the machine. It must not run. Nothing to do for one that is not there. */
  remove(commit: Commit): Promise<void>;
}

/** How a command ended. */
export interface CommandEnd {
  /** Null when a signal ended it. 127 when there is no such program. */
  exitCode: number | null;
  timedOut: boolean;
  /** What it wrote last, oldest first. */
  lastLines: string[];
}
