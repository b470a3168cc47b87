/**
 * What the deployer does without being asked, as cron tells the time. A task that fails or hangs keeps nothing else
 * from its turn: it is told once in the journal, and once more when it works again.
 */
import { createTask } from 'node-cron';
import { asKnown } from '../core/errors';
import type { Entry } from '../core/event';
import { machineMs } from '../os/machine-clock';

/** A clock that is set forward or back is noticed within this time. */
const LONGEST_WAIT_MS = 30_000;
const STEP_MS = 2000;

export interface Task {
  name: string;
  /** As cron writes it; null for never. */
  when: string | null;
  does: () => Promise<void>;
  /** Told when it works again after a failure. */
  again: string;
}

export interface Schedules {
  start(): void;
  stop(): void;
  /** Gives a task its turn now, unless it is never to have one. */
  now(name: string): void;
}

/** @param tell tells the journal what belongs to no deployment */
export function createSchedules(tasks: Task[], tell: (entry: Entry) => Promise<void>): Schedules {
  const turns = new Map<string, { when: string; turn: () => Promise<void> }>();
  for (const task of tasks) {
    const { name, when } = task;
    if (when !== null) turns.set(name, { when, turn: oneAtATime(telling(task, tell)) });
  }
  let stops: (() => void)[] = [];
  return {
    start() {
      stops = [...turns.values()].map(({ when, turn }) => atItsTimes(when, () => void turn()));
    },
    stop() {
      for (const stop of stops) stop();
      stops = [];
    },
    now: (name) => void turns.get(name)?.turn(),
  };
}

/**
 * Calls back at the times of cron's pattern, until the returned function is called. node-cron's own timer waits for a
 * moment that it has computed once: after a clock that was ahead is set right, it would wait for years.
 */
export function atItsTimes(when: string, call: () => void): () => void {
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

/** A turn that comes while the last one still works follows it; several are one. */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
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

/** The task with its troubles told: the first of a row, and their end. It never throws. */
export function telling(
  { name, does, again }: Omit<Task, 'when'>,
  tell: (entry: Entry) => Promise<void>,
): () => Promise<void> {
  let trouble: string | null = null;
  const tellOnce = async (now: string | null): Promise<void> => {
    const before = trouble;
    trouble = now;
    if ((before === null) === (now === null)) return;
    await tell({ type: 'incident', message: now ?? again });
  };
  return async () => {
    try {
      await does();
      await tellOnce(null);
    } catch (error) {
      console.error(`${name}:`, error);
      // by its name: that an engine is away is one thing to the pruning, and another to the watch
      await tellOnce(`${name}: ${asKnown(error).message}`).catch(() => {});
    }
  };
}

function nothing(): void {}
