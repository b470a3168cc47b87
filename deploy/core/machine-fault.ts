/** Decides whether a failed command or release is the machine's fault or the commit's. Pure. */
import { formatSize } from './capacity';
import { KnownError } from './errors';
import { failureLine } from './failure-line';

/** The machine's memory while a process ran. */
export interface MemorySeen {
  /** The least memory that was available, in bytes. */
  leastMemory: number;
  /** True if the kernel killed a process for lack of memory during that time. */
  outOfMemory: boolean;
}

/** How a command finished, and the machine's memory while it ran. */
export interface CommandExit extends MemorySeen {
  /** Null if a signal killed it; 127 if the program does not exist. */
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
  /** Its last output lines, oldest first. */
  lastLines: string[];
}

/** A shell, npm or the engine reports a killed child as 128 plus the signal's number. */
const SIGNALS: Record<number, string> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  131: 'SIGQUIT',
  132: 'SIGILL',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  143: 'SIGTERM',
  152: 'SIGXCPU',
  153: 'SIGXFSZ',
};
/** Signals sent by another process. A crash kills a process with a different signal, such as SIGSEGV. */
const SENT: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);
/** The kernel's machine-wide OOM killer acts only when about this little memory is left, in bytes. */
const NOTHING_LEFT = 64 * 1024 ** 2;
/** How npm, jest and Next.js name the signal that killed one of their processes. */
const NAMED =
  /(?:^npm (?:error|ERR!) signal |terminated by another process: signal=|exited with code: null and signal: )(SIG\w+)/;
/** How shells, make, Go, gcc, ld and cargo report it. */
const KILLED =
  /\bsignal: 9, SIGKILL\b|\bterminated with signal 9\b|^Killed$|\bline \d+: +\d+ Killed\b|\bsignal: killed$|\bKilled signal terminated\b|\*\*\* .*\] Killed$/;
/** Node's heap, worker threads, WebAssembly, malloc, gcc, Go, Java and Python. */
const NO_MEMORY =
  /(heap|process|JavaScript) out of memory|could not allocate memory|out of memory allocating|java\.lang\.OutOfMemoryError|^MemoryError\b|ERR_WORKER_OUT_OF_MEMORY|Cannot allocate memory|\bENOMEM\b|\bbad_alloc\b|Array buffer allocation failed|runtime: out of memory/;
/** The limit of the user's or the machine's processes, threads or open files is reached. */
const NO_MORE =
  /\b(EMFILE|ENFILE)\b|\btoo many open files\b|\bspawn\b.* EAGAIN\b|\bcannot fork\b|\bfork: .*resource temporarily unavailable|\b(uv_thread|pthread)_create\b.*(EAGAIN|resource temporarily unavailable)/i;
const HEAP = /heap out of memory|ERR_WORKER_OUT_OF_MEMORY/;
/** Messages of resolvers and clients about a host that cannot be looked up or reached. */
const NO_NETWORK =
  /\b(EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ENETDOWN|UND_ERR_CONNECT_TIMEOUT)\b|\bENOTFOUND\b|temporary failure in name resolution|could not resolve host|unable to resolve host|\bno such host\b|network is unreachable|no route to host|\bconnect (ETIMEDOUT|ECONNREFUSED) \S/i;
/** This machine itself, and names that are reserved for tests and never resolve (RFC 2606). */
const OWN_OR_RESERVED =
  /\bECONNREFUSED (127\.|::1|::ffff:127\.|0\.0\.0\.0|localhost|\/)|\b[\w-]+\.(invalid|test|example|localhost)\b/i;

/** The value of its limit. */
export interface TimeLimit {
  seconds: number;
  /** Its name in the configuration: `limits.build`. */
  name: string;
}

/**
 * The machine's fault behind a failed command: it was killed, ran out of time, memory, processes or open files, or found
 * no network. Null if the machine is not at fault.
 * @param what the command as a subject: `The build (npm run build)`
 */
export function machineFault(what: string, end: CommandExit, limit?: TimeLimit): KnownError | null {
  const free = freeMemory(end);
  if (end.timedOut && limit) {
    return new KnownError(
      'E_TIMEOUT',
      `${what} took longer than ${limit.seconds} s (${limit.name}); ${free}.`,
    );
  }
  if (end.exitCode === 0) return null;
  const lines = end.lastLines;
  const killed = end.signal ?? SIGNALS[end.exitCode ?? 0] ?? killedIn(lines);
  const hasNoMemory = end.outOfMemory || lines.some((line) => NO_MEMORY.test(line));
  const memoryLine = lines.findLast((line) => NO_MEMORY.test(line)) ?? '';
  const said = memoryLine === '' ? '' : `: ${failureLine([memoryLine])}`;
  if (killed !== null) {
    const reason = hasNoMemory ? `ran out of memory and was killed by ${killed}` : `was killed by ${killed}`;
    return new KnownError('E_KILLED', `${what} ${reason} (${free})${said}`, hintFor(lines, hasNoMemory));
  }
  if (hasNoMemory)
    return new KnownError('E_KILLED', `${what} ran out of memory (${free})${said}`, hintFor(lines, true));
  const limited = lines.findLast((line) => NO_MORE.test(line));
  if (limited !== undefined) {
    const hint = 'Raise the limits of this user (ulimit -n, ulimit -u), then: ./switchyard deploy';
    return new KnownError(
      'E_NO_ROOM',
      `${what} ran out of processes or open files: ${failureLine([limited])}`,
      hint,
    );
  }
  const unreached = lines.findLast(isUnreached);
  return unreached === undefined
    ? null
    : new KnownError('E_NETWORK', `${what} found no network: ${failureLine([unreached])}`);
}

/**
 * The machine's fault behind the exit of a new release: another process or the machine's OOM killer killed it. Null if
 * the machine is not at fault. Only another start shows whether the release killed itself.
 * @param what the release as a subject
 */
export function releaseKilled(
  what: string,
  { exitCode, signal = SIGNALS[exitCode ?? 0] }: { exitCode: number | null; signal?: string | undefined },
  memory: MemorySeen,
): KnownError | null {
  if (signal === undefined || !SENT.has(signal)) return null;
  const reason = memory.outOfMemory ? ': the machine ran out of memory' : '';
  const hint = memory.outOfMemory ? hintFor([], true) : undefined;
  return new KnownError('E_KILLED', `${what} was killed by ${signal}${reason} (${freeMemory(memory)})`, hint);
}

/** False if only the limit of one container can explain a kill for lack of memory. */
export function hadNoMemory({ leastMemory, outOfMemory }: MemorySeen): boolean {
  return outOfMemory && leastMemory < NOTHING_LEFT;
}

function freeMemory({ leastMemory }: MemorySeen): string {
  return `as little as ${formatSize(leastMemory)} of memory was free`;
}

/** True for a line that reports an unreachable machine. */
export function isUnreached(line: string): boolean {
  return NO_NETWORK.test(line) && !OWN_OR_RESERVED.test(line);
}

/** The signal that killed one of the command's processes, according to the command's own output; or null. */
function killedIn(lines: string[]): string | null {
  const named = lines.map((line) => NAMED.exec(line)?.[1]).findLast((name) => name !== undefined);
  return named ?? (lines.some((line) => KILLED.test(line)) ? 'SIGKILL' : null);
}

function hintFor(lines: string[], hasNoMemory: boolean): string | undefined {
  if (lines.some((line) => HEAP.test(line)))
    return "Raise Node's limit in the command that ran out: NODE_OPTIONS=--max-old-space-size=4096; or free memory.";
  return hasNoMemory ? 'Free memory on this machine, then: ./switchyard deploy' : undefined;
}
