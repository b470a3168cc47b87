/** The guard as the deployer and npm stop see it; see guard.ts. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Home } from '../home/home';
import { deployerEnvironment } from '../os/app-environment';
import type { OsProcess } from '../os/process-table';
import { endProcesses, isAlive, processesWith } from '../os/process-table';

/** Where the guard's program lies below the clone. */
const GUARD_SCRIPT = path.join('dist', 'deploy', 'guard.js');
const LOOK_EVERY_MS = 1000;
/** It holds next to nothing, so its heap need not grow. */
const SMALL = ['--max-semi-space-size=1', '--max-old-space-size=64'];
const END_WITHIN_SECONDS = 1;

/** The guards of a home. There is one, and for a moment two. */
export function guardsOf(home: Pick<Home, 'dir'>): OsProcess[] {
  return processesWith('SWITCHYARD_HOME', home.dir).filter(({ argv }) =>
    argv.some((word) => word.endsWith(`/${GUARD_SCRIPT}`)),
  );
}

export async function endGuards(home: Pick<Home, 'dir'>): Promise<void> {
  await endProcesses(guardsOf(home), END_WITHIN_SECONDS);
}

/** Keeps a guard running until it is stopped, which leaves the guard alone. */
export function keepGuard(home: Home, root: string): { stop: () => void } {
  let guard: OsProcess | undefined;
  const look = (): void => {
    if (guard && isAlive(guard)) return;
    [guard] = guardsOf(home);
    if (!guard) startGuard(home, root);
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}

/** A process of its own, which outlives the deployer. */
function startGuard(home: Home, root: string): void {
  const guard = spawn(process.execPath, [...SMALL, path.join(root, GUARD_SCRIPT)], {
    detached: true,
    cwd: '/',
    env: { ...deployerEnvironment(process.env), SWITCHYARD_HOME: home.dir, SWITCHYARD_ROOT: root },
    stdio: 'ignore',
  });
  // a Node that was removed: doctor names it
  guard.on('error', () => undefined);
  guard.unref();
}
