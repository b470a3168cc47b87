/**
 * What the deployer does without being asked, as cron tells the time. A task that fails or hangs keeps nothing else
 * from its turn: it is told once in the journal, and once more when it works again.
 */
import type { ScheduledTask } from 'node-cron';
import { schedule } from 'node-cron';
import { asKnown } from './core/errors';
import type { Entry } from './core/types';

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
  let running: ScheduledTask[] = [];
  return {
    start() {
      // a turn that came too late because the machine was busy is no news
      const options = { suppressMissedWarning: true, logger: QUIET };
      running = [...turns.values()].map(({ when, turn }) => schedule(when, turn, options));
    },
    stop() {
      for (const each of running) void each.destroy();
      running = [];
    },
    now: (name) => void turns.get(name)?.turn(),
  };
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

const QUIET = { info: nothing, warn: nothing, debug: nothing, error: nothing };

function nothing(): void {}
