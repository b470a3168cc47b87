/**
 * Runs the deployer's scheduled tasks at cron times. A task that fails or hangs does not block the others: the journal
 * gets one entry when it fails and one when it works again.
 */
import { createTask } from 'node-cron';
import { asKnown } from '../core/errors';
import type { Entry, TaskName } from '../core/event';
import { machineMs } from '../os/machine-clock';

/** A clock that is set forward or back is noticed within this time. */
const LONGEST_WAIT_MS = 30_000;
const STEP_MS = 2000;

export interface Task {
  name: TaskName;
  /** A cron pattern; null for never. */
  when: string | null;
  run: () => Promise<void>;
  /** The message for the journal once the task works again after a failure. */
  recovered: string;
}

export interface Schedules {
  start(): void;
  stop(): void;
  /** Runs a task now, unless its schedule is null. */
  now(name: TaskName): void;
}

/** @param record logs an entry that belongs to no deployment */
export function createSchedules(tasks: Task[], record: (entry: Entry) => Promise<void>): Schedules {
  const turns = new Map<TaskName, { when: string; turn: () => Promise<void> }>();
  for (const task of tasks) {
    const { name, when } = task;
    if (when !== null) turns.set(name, { when, turn: coalesced(loggingFailures(task, record)) });
  }
  let stops: (() => void)[] = [];
  return {
    start() {
      stops = [...turns.values()].map(({ when, turn }) => onCron(when, () => void turn()));
    },
    stop() {
      for (const stop of stops) stop();
      stops = [];
    },
    now: (name) => void turns.get(name)?.turn(),
  };
}

/**
 * Calls back at the times of a cron pattern until the returned function is called. node-cron's own timer computes its
 * next time only once. If the clock was ahead at that moment and is then set right, that timer could wait for years.
 */
export function onCron(when: string, call: () => void): () => void {
  const pattern = createTask(when, nothing);
  const following = (): number => pattern.getNextRuns(1)[0]?.getTime() ?? Infinity;
  let timer: NodeJS.Timeout | undefined;
  const wait = (next: number): void => {
    const armed = { clock: Date.now(), machine: machineMs() };
    const delay = Math.min(Math.max(0, next - armed.clock), LONGEST_WAIT_MS);
    timer = setTimeout(() => {
      const now = Date.now();
      const step = now - armed.clock - (machineMs() - armed.machine);
      if (Math.abs(step) > STEP_MS) return wait(following());
      if (now < next) return wait(next);
      wait(following());
      call();
    }, delay);
  };
  wait(following());
  return () => clearTimeout(timer);
}

/** Any number of calls during a run lead to a single further run after it. */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let busy = false;
  let again = false;
  return async () => {
    again = true;
    if (busy) return;
    busy = true;
    while (again) {
      again = false;
      await work();
    }
    busy = false;
  };
}

/** Wraps a task so that it logs the first failure of a row and the recovery. Never throws. */
export function loggingFailures(
  { name, run, recovered }: Omit<Task, 'when'>,
  record: (entry: Entry) => Promise<void>,
): () => Promise<void> {
  let trouble: string | null = null;
  const recordOnce = async (now: string | null): Promise<void> => {
    const before = trouble;
    trouble = now;
    if ((before === null) === (now === null)) return;
    await record({ type: 'incident', reason: name, message: now ?? recovered });
  };
  return async () => {
    try {
      await run();
      await recordOnce(null);
    } catch (error) {
      // with the task's name, because the same fault of the engine matters differently to pruning and to the watch
      const message = `${name}: ${asKnown(error).message}`;
      if (message !== trouble) console.error(`${name}:`, error);
      await recordOnce(message).catch(() => {});
    }
  };
}

function nothing(): void {}
