/** What a spare process has begun for the next deployment, and what outlives it when it is ended. */
import path from 'node:path';
import type { Home } from '../home/home';
import type { OsProcess } from '../os/process-table';
import { processesWith } from '../os/process-table';

/** What links packages, and git, which writes the ready files and tidies the mirror. */
export function backgroundJobs(home: Pick<Home, 'dir' | 'modules' | 'mirrorGit'>): OsProcess[] {
  const linking = processesWith('SWITCHYARD_HOME', home.dir).filter(({ argv }) =>
    argv.some((word) => word.startsWith(`${home.modules}/`)),
  );
  // a person's shell may have been told where the mirror is, too
  const gits = processesWith('GIT_DIR', home.mirrorGit).filter(({ argv: [program = ''] }) =>
    path.basename(program).startsWith('git'),
  );
  return [...linking, ...gits];
}
