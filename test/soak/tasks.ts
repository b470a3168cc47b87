/** The parts of a soak. Each has its own clone, so several run in parallel. Pure. */
import type { StrategyName } from '../../deploy/core/strategy-choice';

export interface Task {
  strategy: StrategyName;
  slots: number;
  /** Kill the deployment's process, or cut the machine's power. */
  kind: 'kills' | 'cuts';
}

/** Longest first, so that the last parts end at about the same time. */
const STRATEGIES: Omit<Task, 'kind'>[] = [
  { strategy: 'rolling', slots: 4 },
  { strategy: 'rolling', slots: 2 },
  { strategy: 'canary', slots: 4 },
  { strategy: 'in-place', slots: 4 },
  { strategy: 'blue-green', slots: 4 },
];
const KINDS = ['kills', 'cuts'] as const;

export const TASKS: Task[] = STRATEGIES.flatMap((each) => KINDS.map((kind) => ({ ...each, kind })));

/** `rolling/2/cuts` */
export function nameOf({ strategy, slots, kind }: Task): string {
  return `${strategy}/${slots}/${kind}`;
}

/**
 * The tasks that match a word: `rolling`, `rolling/2`, `rolling/2/cuts`, `cuts`; all tasks without words. Null when a
 * word matches none.
 */
export function tasksFor(words: string[]): Task[] | null {
  const matches = (word: string, task: Task): boolean =>
    word === task.kind || `${nameOf(task)}/`.startsWith(`${word}/`);
  if (words.some((word) => !TASKS.some((task) => matches(word, task)))) return null;
  return TASKS.filter((task) => words.length === 0 || words.some((word) => matches(word, task)));
}
