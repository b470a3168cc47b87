/**
 * The nouns of Switchyard, as docs/ and deploy/README.md use them. Data only: everything here can be
 * written to the journal as JSON and read back by another process.
 */

/** A place where a release runs: `blue`, `green`, more for a larger pool. */
export type SlotName = string;

export interface Slot {
  name: SlotName;
  port: number;
}

/** A full commit id: 40 hexadecimal digits. */
export type Commit = string;

/** How a release is built and started. It belongs to the commit, so that an older release starts its own way. */
export interface AppSettings {
  /** Path of the file that listens on PORT, relative to the release's folder. */
  start: string;
  /** argv of the app's own tests, or null for none. */
  test: string[] | null;
  /** argv of the build, or null for none. */
  build: string[] | null;
  /** argv that brings the shared database to this release's schema, or null for none. */
  migrate: string[] | null;
  /** Path that answers 200 with commit and instance when the app can serve. */
  health: string;
  /** Further paths that must answer below 400 before a release gets traffic. */
  smoke: string[];
}

/** The immutable build of one commit. */
export interface Release {
  commit: Commit;
  /** `version` of the commit's package.json. */
  version: string;
  /** First line of the commit's message. */
  subject: string;
  /** Absolute folder with the checked-out, installed and built commit. */
  dir: string;
  app: AppSettings;
}

/** Who serves a request falls into one of so many buckets, by its cohort. */
export const BUCKETS = 100;

/** Buckets that another slot than the active one serves. */
export interface Share {
  slot: SlotName;
  /** 1 to 100. */
  buckets: number;
}

/** Which slot serves which of the 100 buckets, and which proven one stands behind it when it crashes. */
export interface Table {
  /** The slot that serves every bucket of which no share says otherwise. Null serves nobody: 503. */
  active: SlotName | null;
  standby: SlotName | null;
  /** Taken from bucket 0 upward, in this order: whoever is in a share of 5 is in one of 25. Left out: none. */
  shares?: Share[];
  /** True when everyone gets the maintenance page: the active slot is just being replaced. */
  maintenance?: boolean;
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

/** What runs now: always looked at, never remembered. */
export interface Observed {
  table: Table;
  slots: RunningSlot[];
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

/** One thing the runner can do to processes or traffic. */
export type Step =
  | ({ do: 'migrate'; commit: Commit } & WithEnvironment)
  /** Waits until a person promotes what was verified, or aborts. */
  | ({ do: 'hold' } & Proof)
  | ({ do: 'start' } & Proof & WithEnvironment)
  | { do: 'stop'; slot: SlotName }
  | ({ do: 'verify' } & Proof)
  | { do: 'shift'; to: Table }
  /** Compares it with the slots that serve the others, for so many seconds; null for until a person says so. */
  | ({ do: 'judge'; against: SlotName[]; share: number; seconds: number | null } & Proof)
  | ({ do: 'verify-live' } & Proofs)
  | ({ do: 'bake'; seconds: number } & Proofs);

export interface PlannedStep {
  step: Step;
  /** What takes the step back, in the order in which it is done. Empty: nothing to take back. */
  undo: Step[];
  /**
   * When this step fails, only what was done from this step on is taken back, and a person is waited for: it is tried
   * again from there, or everything is taken back. Left out: everything is taken back at once.
   */
  again?: number;
}

export type Plan = PlannedStep[];

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
export type Wish = 'promote' | 'abort' | 'pause' | 'resume';

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
  wish: Wish | null;
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

export interface Serving {
  slot: SlotName;
  commit: Commit;
  version: string;
}

/** What a deployment goes through that an owner may have a hook around. */
export type Stage = 'prepare' | 'migrate' | 'start' | 'shift' | 'live';
/** When a hook runs. */
export type Moment = `before ${Stage}` | `after ${Stage}` | 'failure';

export type PhaseName = 'fetch' | 'check out' | 'install' | 'test' | 'build' | Step['do'] | Moment;

/** What the journal tells, one entry after the other. Everything people see is made from these. */
export type Entry =
  | { type: 'state'; state: DeploymentState; cause?: string }
  /** `held`: what is ahead waits for a person itself. */
  | { type: 'waiting'; behind: number; held?: boolean }
  | {
      type: 'phase';
      phase: PhaseName;
      status: 'started' | 'done' | 'skipped' | 'failed';
      /** Index in the plan, for a step. */
      step?: number;
      /** True when the phase takes a step back. */
      undo?: boolean;
      /** One short clause: `green, pid 4711`, `built before`. */
      detail?: string;
      /** Duration in milliseconds, when it is over. */
      ms?: number;
    }
  | {
      type: 'live';
      serving: Serving;
      previous: Serving | null;
      ms: number;
      served: number;
      failed: number;
      /** The command that takes this back, and about how long it would take in milliseconds, where known. */
      back: { command: string; ms: number | null } | null;
      /** How long it is watched from now on; 0 for not at all. */
      bakeSeconds: number;
      /** For how long users got the maintenance page, and how many were told to come back. */
      down?: { ms: number; turnedAway: number };
    }
  /** Something to know, at which nothing is wrong. */
  | { type: 'note'; message: string }
  | { type: 'warning'; message: string }
  | { type: 'incident'; message: string; slot?: SlotName };

export interface JournalEvent {
  id: number;
  deployment: number | null;
  /** Milliseconds since 1970. */
  at: number;
  entry: Entry;
}
