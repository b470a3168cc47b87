/** The parts of a soak: each is a clone of its own, so that several run at the same time. Pure. */
import type { StrategyName } from '../../deploy/core/strategy-choice';

export interface Task {
  strategy: StrategyName;
  slots: number;
  /** Kill the deployment's process, or cut the machine's power. */
  kind: 'kills' | 'cuts';
}

/** The longest first, so that the last ones end at about the same time. */
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
 * Those that one of the words names: `rolling`, `rolling/2`, `rolling/2/cuts`, `cuts`. All without words. Null for a
 * word that names none.
 */
export function tasksFor(words: string[]): Task[] | null {
  const names = (word: string, task: Task): boolean =>
    word === task.kind || `${nameOf(task)}/`.startsWith(`${word}/`);
  if (words.some((word) => !TASKS.some((task) => names(word, task)))) return null;
  return TASKS.filter((task) => words.length === 0 || words.some((word) => names(word, task)));
}
