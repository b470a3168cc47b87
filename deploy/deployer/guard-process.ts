/** Starts, finds and stops the guard, for the deployer and npm stop; see guard.ts. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Home } from '../home/home';
import { deployerEnvironment } from '../os/app-environment';
import type { OsProcess } from '../os/process-table';
import { stopProcesses, isAlive, processesWith } from '../os/process-table';

/** Path of the guard's program in the clone. */
const GUARD_SCRIPT = path.join('dist', 'deploy', 'guard.js');
const POLL_EVERY_MS = 1000;
/** The guard needs almost no memory, so its heap must not grow. */
const SMALL = ['--max-semi-space-size=1', '--max-old-space-size=64'];
const END_WITHIN_SECONDS = 1;

/** The guards of a home: one or, for a moment, two. */
export function guardProcesses(home: Pick<Home, 'dir'>): OsProcess[] {
  return processesWith('SWITCHYARD_HOME', home.dir).filter(({ argv }) =>
    argv.some((word) => word.endsWith(`/${GUARD_SCRIPT}`)),
  );
}

export async function stopGuards(home: Pick<Home, 'dir'>): Promise<void> {
  await stopProcesses(guardProcesses(home), END_WITHIN_SECONDS);
}

/** Keeps a guard running. `stop` stops the supervision, not the guard. */
export function keepGuard(home: Home, root: string): { stop: () => void } {
  let guard: OsProcess | undefined;
  const check = (): void => {
    if (guard && isAlive(guard)) return;
    [guard] = guardProcesses(home);
    if (!guard) startGuard(home, root);
  };
  check();
  const timer = setInterval(check, POLL_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}

/** Starts the guard as a detached process that outlives the deployer. */
function startGuard(home: Home, root: string): void {
  const guard = spawn(process.execPath, [...SMALL, path.join(root, GUARD_SCRIPT)], {
    detached: true,
    cwd: '/',
    env: { ...deployerEnvironment(process.env), SWITCHYARD_HOME: home.dir, SWITCHYARD_ROOT: root },
    stdio: 'ignore',
  });
  // the Node binary may have been removed, which doctor reports
  guard.on('error', () => undefined);
  guard.unref();
}
