/**
 * Starts commands with low priority: an install, a test, a build or a removal. They get the processor and disk time
 * that the live slots leave, and are killed first when memory runs out.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';

const NICE = 10;
/** A third of a slot's processor share when both are busy; see docs/decisions/0018. */
const SESSION_NICE = 5;
/** The kernel allows ten changes of a session's share per second for all unprivileged users together. */
const AGAIN_AFTER_MS = 150;
const TIMES = 5;

/** Like Node's spawn, but in a session of its own. */
export function spawnLowPriority(argv: readonly string[], options: SpawnOptions): ChildProcess {
  const [program, ...args] = [...politely(), ...argv];
  const child = spawn(program as string, args, { ...options, detached: true });
  if (child.pid) {
    yieldSession(child.pid);
    dieFirst(child.pid);
  }
  return child;
}

/** Runs the command to completion and discards its output. Rejects if it cannot be started or fails. */
export async function runLowPriority(argv: readonly string[], options: SpawnOptions = {}): Promise<void> {
  const child = spawnLowPriority(argv, { ...options, stdio: 'ignore' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new Error(`${argv[0]} failed (${signal ?? `exit code ${code}`})`);
}

let polite: string[] | undefined;

/**
 * The command prefix for low priority, as far as this machine supports it. `-t` makes ionice ignore a refusal, as in a
 * container.
 */
function politely(): string[] {
  const nice = ['nice', '-n', String(NICE)];
  const ways = [[...nice, 'ionice', '-t', '-c', '2', '-n', '7'], nice, []];
  polite ??= ways.find(
    ([program, ...args]) => !program || spawnSync(program, [...args, 'true']).status === 0,
  );
  return polite ?? [];
}

/**
 * With sched_autogroup the kernel shares the processor between sessions, and `nice` only applies within one. The slots,
 * nginx and the deployer have a session each, so the command's session gets a lower priority.
 */
function yieldSession(leader: number, times = TIMES): void {
  try {
    writeFileSync(`/proc/${leader}/autogroup`, String(SESSION_NICE));
  } catch (error) {
    // without this file the kernel shares by process; or the process has already exited
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || times === 0) return;
    setTimeout(() => yieldSession(leader, times - 1), AGAIN_AFTER_MS).unref();
  }
}

/** Makes the kernel kill a build before a live slot when memory runs out. */
function dieFirst(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '500');
  } catch {
    // the process has already exited, or this machine does not allow it
  }
}
