/** Stops the processes of one home's nginx, even those whose master was killed. */
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { portInUse } from '../os/port-holder';
import { isRunning } from '../os/process-table';
import { waitUntil } from '../os/wait-until';
import { withConnectionsClosed } from './close-connections';
import { loadedMark } from './loaded-mark';
import { masterOf, processesOf } from './nginx-processes';

/** The time limit for operations that normally take nginx milliseconds. */
const LIMIT_MS = 5000;
const POLL_EVERY_MS = 10;

/** Sends SIGQUIT, SIGTERM, then SIGKILL, until no process is left. Throws E_NGINX if one survives. */
export async function stopNginx(home: Home, graceMs: number): Promise<void> {
  const stages: [NodeJS.Signals, number][] = [
    ['SIGQUIT', graceMs],
    ['SIGTERM', LIMIT_MS],
    ['SIGKILL', LIMIT_MS],
  ];
  for (const [signal, withinMs] of stages) {
    const master = masterOf(home);
    // a master stops its own workers, and would replace a worker that is killed separately
    for (const pid of master === null ? processesOf(home) : [master]) signalProcess(pid, signal);
    if (await waitUntil(() => processesOf(home).length === 0, { everyMs: POLL_EVERY_MS, withinMs })) return;
  }
  const left = processesOf(home).join(', ');
  if (left) throw new KnownError('E_NGINX', `nginx does not stop: pid ${left}.`);
}

/**
 * Workers of a killed master keep serving and hold the port, which a new nginx cannot take over. After SIGQUIT they
 * release it immediately and finish their requests beside the new nginx.
 */
export async function dismissOrphans(home: Home, port: number): Promise<void> {
  const orphans = processesOf(home);
  if (orphans.length === 0) return;
  const quit = (): Promise<boolean> => {
    for (const pid of orphans) signalProcess(pid, 'SIGQUIT');
    // tracked by pid, because a quitting worker rewrites its title and can no longer be found by it
    const isFree = (): boolean => !portInUse(port) || !orphans.some(isRunning);
    return waitUntil(isFree, { everyMs: POLL_EVERY_MS, withinMs: LIMIT_MS });
  };
  const mark = await loadedMark(home, port, LIMIT_MS).catch(() => null);
  const left = await (mark === null ? quit() : withConnectionsClosed(home, port, mark, quit));
  if (!left) await stopNginx(home, 0);
}

export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // the process is already gone
  }
}
