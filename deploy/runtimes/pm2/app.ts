/**
 * Starts and deletes one PM2 app. Never reloads it: PM2 would delete the old process even if the new one is slow, and
 * lose requests.
 */
import { userInfo } from 'node:os';
import { KnownError } from '../../core/errors';
import type { ProcessStatus } from '../../core/slot';
import type { Home } from '../../home/home';
import { ensurePm2 } from './daemon';
import type { Pm2Definition } from './definitions';
import type { Pm2Process } from './rpc';
import { callPm2, pm2Processes } from './rpc';

/** PM2's own overhead, in addition to one wait after SIGTERM and another after SIGKILL. */
const DELETE_MARGIN_MS = 10_000;

/** Starts an app that PM2 does not have yet and returns its pid. Throws E_RUNTIME. */
export async function startApp(home: Home, definition: Pm2Definition): Promise<number> {
  await ensurePm2(home);
  const [started] = await callPm2<{ process?: { pid?: number } }[]>(home, 'prepare', prepared(definition));
  const pid = started?.process?.pid;
  if (!pid) throw new KnownError('E_RUNTIME', `PM2 could not start ${definition.name}.`);
  return pid;
}

/** Deletes every app of that name: sends SIGTERM, then SIGKILL after its kill_timeout. PM2 does not restart it. */
export async function deleteApp(home: Home, name: string, stopSeconds: number): Promise<void> {
  const apps = (await pm2Processes(home)).filter((app) => app.name === name);
  await Promise.all(apps.map((app) => deleteProcess(home, app, stopSeconds)));
}

export interface ProcessState {
  pid: number | null;
  restarts: number;
  status: ProcessStatus;
  exitCode: number | null;
  signal?: string;
}

/** PM2's view of a process as a ProcessState. */
export function processState({ pid, pm2_env }: Pm2Process): ProcessState {
  // PM2 could not start the program, for example because its Node was removed; it reports `online` and never retries
  const neverStarted = pm2_env.status === 'online' && !pid;
  const status = neverStarted ? 'stopped' : statusOf(pm2_env.status);
  return {
    // PM2 keeps the pid of a dead process until it starts the next one
    pid: status === 'crashed' || status === 'stopped' ? null : pid || null,
    restarts: pm2_env.restart_time,
    status,
    // PM2 itself records 0 for a process that was killed by a signal
    ...(pm2_env.last_end?.signal
      ? { exitCode: null, signal: pm2_env.last_end.signal }
      : { exitCode: pm2_env.exit_code ?? null }),
  };
}

/** Maps PM2's states. `online` says only that the process exists. */
function statusOf(status: string): ProcessStatus {
  switch (status) {
    case 'online':
    case 'stopping':
    case 'stopped':
      return status;
    case 'launching':
      return 'starting';
    default:
      // errored, waiting restart: it exited by itself
      return 'crashed';
  }
}

async function deleteProcess(home: Home, app: Pm2Process, stopSeconds: number): Promise<void> {
  const limit = 2 * stopSeconds * 1000 + DELETE_MARGIN_MS;
  await callPm2(home, 'deleteProcessId', app.pm_id, limit).catch(async (error: unknown) => {
    // another process has already deleted it, or the daemon is gone
    const still = (await pm2Processes(home)).some(
      (other) => other.pm_id === app.pm_id && other.name === app.name,
    );
    if (still) throw error;
  });
}

/** The user name for `pm2 list`. Containers may run as users without an entry in /etc/passwd. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}

/** The definition in the form that PM2's own `start` sends to the daemon. */
function prepared(definition: Pm2Definition): Record<string, unknown> {
  const { script, cwd, interpreter, out_file, error_file, pid_file, ...same } = definition;
  return {
    ...same,
    namespace: 'default',
    username: userName(),
    pm_exec_path: script,
    pm_cwd: cwd,
    exec_interpreter: interpreter,
    exec_mode: 'fork_mode',
    node_args: [],
    autostart: true,
    automation: false,
    pm_out_log_path: out_file,
    pm_err_log_path: error_file,
    pm_pid_path: pid_file,
  };
}
