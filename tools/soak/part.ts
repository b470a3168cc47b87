/**
 * One part of the soak in its own process: it has its own engine and does not delay the measurements of another part.
 * It sends its outcomes to the process that started it.
 */
import { soak, type SoakOptions } from '../../test/soak/soak';
import { nameOf, type Task } from '../../test/soak/tasks';
import { withCleanup } from '../lib/with-cleanup';

export type PartOptions = { task: Task } & Pick<SoakOptions, 'runtime' | 'rounds' | 'seed'>;

export async function main([json = '']: string[]): Promise<void> {
  const { task, ...options } = JSON.parse(json) as PartOptions;
  let isOrphan = false;
  process.once('disconnect', () => (isOrphan = true));
  await withCleanup({
    name: nameOf(task),
    run: (isInterrupted) =>
      soak(task, {
        ...options,
        isOver: () => isInterrupted() || isOrphan,
        say: (line) => console.log(line),
        add: (outcome) => process.send?.(outcome),
      }),
    interrupt: () => undefined,
    cleanUp: () => undefined,
  }).finally(leave);
}

/** The channel to the parent, or a handle that a failed part left open, would keep this process alive. */
function leave(): void {
  // after the error is printed and the exit code is set
  setImmediate(() => process.exit());
}
