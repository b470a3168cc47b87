/** Finds the jobs that a spare process started for the next deployment. They survive a kill of the spare. */
import path from 'node:path';
import type { Home } from '../home/home';
import type { OsProcess } from '../os/process-table';
import { processesWith } from '../os/process-table';

/** The processes that link packages, and the git processes that write the ready files and tidy the mirror. */
export function backgroundJobs(home: Pick<Home, 'dir' | 'modules' | 'mirrorGit'>): OsProcess[] {
  const linking = processesWith('SWITCHYARD_HOME', home.dir).filter(({ argv }) =>
    argv.some((word) => word.startsWith(`${home.modules}/`)),
  );
  // an operator's shell may also have GIT_DIR set, so the program must be git
  const gits = processesWith('GIT_DIR', home.mirrorGit).filter(({ argv: [program = ''] }) =>
    path.basename(program).startsWith('git'),
  );
  return [...linking, ...gits];
}
