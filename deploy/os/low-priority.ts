/**
 * Starts what the live slots go before: an install, a test, a build, a removal. It gets what processor and disk they
 * leave, and is the first to go when memory runs out.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';

const NICE = 10;
/** A third of a slot's share where both want all they can get: see docs/decisions/0018. */
const SESSION_NICE = 5;
/** A user without rights may set a session's share ten times a second, all users together. */
const AGAIN_AFTER_MS = 150;
const TIMES = 5;

/** The same as node's spawn. It is the first process of a session of its own. */
export function spawnPolitely(argv: readonly string[], options: SpawnOptions): ChildProcess {
  const [program, ...args] = [...politely(), ...argv];
  const child = spawn(program as string, args, { ...options, detached: true });
  if (child.pid) {
    yieldSession(child.pid);
    dieFirst(child.pid);
  }
  return child;
}

/** Runs it to its end, without its output. Rejects when it cannot be started or fails. */
export async function runPolitely(argv: readonly string[], options: SpawnOptions = {}): Promise<void> {
  const child = spawnPolitely(argv, { ...options, stdio: 'ignore' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new Error(`${argv[0]} ended on ${signal ?? `code ${code}`}`);
}

let polite: string[] | undefined;

/** The prefix for low priority, as far as this machine has it; `-t` lets a container refuse ionice. */
function politely(): string[] {
  const nice = ['nice', '-n', String(NICE)];
  const ways = [[...nice, 'ionice', '-t', '-c', '2', '-n', '7'], nice, []];
  polite ??= ways.find(
    ([program, ...args]) => !program || spawnSync(program, [...args, 'true']).status === 0,
  );
  return polite ?? [];
}

/**
 * Where the kernel shares the processor out by sessions (sched_autogroup), `nice` is only heeded within one, and the
 * slots, nginx and we have each our own: the session is what has to yield.
 */
function yieldSession(leader: number, times = TIMES): void {
  try {
    writeFileSync(`/proc/${leader}/autogroup`, String(SESSION_NICE));
  } catch (error) {
    // without such a file it shares out by process; or it is over already
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || times === 0) return;
    setTimeout(() => yieldSession(leader, times - 1), AGAIN_AFTER_MS).unref();
  }
}

/** When memory runs out, the kernel is to end a build and not the slot that serves. */
function dieFirst(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '500');
  } catch {
    // it is over already, or this machine does not let us
  }
}
