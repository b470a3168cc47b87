/**
 * Reads the machine's processes from /proc, to find those that PM2 no longer knows. A process is recognized by its
 * initial environment, which its children inherit.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { waitUntil } from './wait-until';
import { KnownError } from '../core/errors';

export interface OsProcess {
  pid: number;
  parent: number;
  /** Clock ticks since boot; together with the pid, it identifies a process. */
  startedAt: number;
  argv: string[];
  env: Record<string, string>;
}

const POLL_EVERY_MS = 20;
const GONE_AFTER_KILL_MS = 5_000;

/** The processes of this pid namespace. */
export function allPids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/**
 * This user's living processes that started with this variable, except the caller itself. Zombies have no environment.
 * @param value default: any
 */
export function processesWith(name: string, value?: string): OsProcess[] {
  const wanted = `\0${name}=${value === undefined ? '' : `${value}\0`}`;
  const found: OsProcess[] = [];
  for (const pid of allPids()) {
    if (pid === process.pid) continue;
    const env = read(`/proc/${pid}/environ`);
    if (!`\0${env}`.includes(wanted)) continue;
    const stat = statOf(pid);
    if (!stat || stat.dead) continue;
    found.push({
      pid,
      parent: stat.parent,
      startedAt: stat.startedAt,
      argv: read(`/proc/${pid}/cmdline`).split('\0').slice(0, -1),
      env: Object.fromEntries(env.split('\0').map(nameAndValue)),
    });
  }
  return found;
}

/** The identity of this process, as other processes see it. */
export function ownProcess(): Pick<OsProcess, 'pid' | 'startedAt'> {
  return { pid: process.pid, startedAt: statOf(process.pid)?.startedAt ?? 0 };
}

/**
 * True for a process in the container: the engine runs each in a control group that has the container's id in its name,
 * and only root can move a process there. Unlike the engine's answer, this holds while a container restarts.
 */
export function isInContainer(pid: number, container: string): boolean {
  return read(`/proc/${pid}/cgroup`).includes(container);
}

/** The processes whose parent is not in the list, oldest first. */
export function withoutChildren(processes: OsProcess[]): OsProcess[] {
  const pids = new Set(processes.map((each) => each.pid));
  return processes.filter((each) => !pids.has(each.parent)).sort((a, b) => a.startedAt - b.startedAt);
}

/** The processes and all their descendants, whichever user they run as. */
export function withDescendants(pids: number[]): number[] {
  const parents = allPids().map((pid) => ({ pid, parent: statOf(pid)?.parent }));
  const found = new Set(pids);
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const { pid, parent } of parents) if (parent !== undefined && found.has(parent)) found.add(pid);
  }
  return [...found];
}

/**
 * Sends SIGTERM, then SIGKILL after `graceSeconds`. Returns once all processes are gone. Throws E_RUNTIME if one
 * survives.
 */
export async function stopProcesses(processes: OsProcess[], graceSeconds: number): Promise<void> {
  if (processes.length === 0) return;
  signal(processes, 'SIGTERM');
  const survivors = await survivorsAfter(processes, graceSeconds * 1000);
  if (survivors.length === 0) return;
  signal(survivors, 'SIGKILL');
  const [stubborn] = await survivorsAfter(survivors, GONE_AFTER_KILL_MS);
  if (stubborn)
    throw new KnownError('E_RUNTIME', `Process ${stubborn.pid} cannot be killed, not even with SIGKILL.`);
}

/** False for a zombie too, which is dead but not yet reaped, and for another process that has reused the pid. */
export function isAlive({ pid, startedAt }: Pick<OsProcess, 'pid' | 'startedAt'>): boolean {
  const stat = statOf(pid);
  return stat !== null && !stat.dead && stat.startedAt === startedAt;
}

/** Like isAlive, for a process whose pid cannot be reused: a child of this process. */
export function isRunning(pid: number): boolean {
  return statOf(pid)?.dead === false;
}

async function survivorsAfter(processes: OsProcess[], withinMs: number): Promise<OsProcess[]> {
  let alive = processes;
  const areGone = (): boolean => (alive = processes.filter(isAlive)).length === 0;
  await waitUntil(areGone, { everyMs: POLL_EVERY_MS, withinMs });
  return alive;
}

function signal(processes: OsProcess[], name: NodeJS.Signals): void {
  for (const each of processes.filter(isAlive)) {
    try {
      process.kill(each.pid, name);
    } catch {
      // the process exited before the signal
    }
  }
}

function statOf(pid: number): { parent: number; startedAt: number; dead: boolean } | null {
  const line = read(`/proc/${pid}/stat`);
  if (!line) return null;
  // the second field is the program's name in parentheses, which may itself contain parentheses
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), startedAt: Number(fields[19]), dead: /[ZX]/.test(fields[0] ?? 'X') };
}

function nameAndValue(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

/** Empty if the process has exited or belongs to another user. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
