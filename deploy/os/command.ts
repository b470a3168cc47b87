/**
 * Runs one command of a deployment: an install, a test, a build, a migration. Everything that it starts is
 * over when it is over, it yields to the live slots, and its output goes to the deployment's log.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import path from 'node:path';
import { CommandOutput } from './command-output';
import { cleanEnvironment } from './environment-allowlist';
import { spawnPolitely } from './low-priority';
import { DEPLOYMENT_MARKER, deploymentMark, killMarked } from './marked-processes';

export { DEPLOYMENT_MARKER } from './marked-processes';

export interface Command {
  /** The program and its arguments; never a shell's line. */
  argv: readonly string[];
  cwd: string;
  /** Goes over the allow-listed environment. No secrets: the commit's own code reads it. */
  env?: Record<string, string>;
  /** The deployment's log, in the home's logs; output is appended. */
  logFile: string;
  timeoutSeconds: number;
  /** Least processor and disk time, and the first to go when memory runs out. */
  lowPriority?: boolean;
  deploymentId: number;
  /** Hides in its output, line by line, what no log may carry. */
  redact?: (text: string) => string;
  /** Stands in the log in place of a long argv. */
  label?: string;
  /** How many of its last lines are wanted; 20 unless told. */
  keepLines?: number;
}

export interface CommandResult {
  /** Null when a signal ended it. 127 when there is no such program. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  timedOut: boolean;
  /** What it wrote last, oldest first, without colours and empty lines. */
  lastLines: string[];
  ms: number;
}

/** A shell's code for a program that does not exist. */
const NO_SUCH_PROGRAM = 127;
const LAST_LINES = 20;

/** Where the output of everything a deployment runs is kept. */
export function deploymentLog(home: { logs: string }, deploymentId: number): string {
  return path.join(home.logs, `deployment-${deploymentId}.log`);
}

/** A command's process that waits already, see launchAhead, and what it is to hear. */
export interface Waiting {
  child: ChildProcess;
  word: string;
}

/** Runs the command to its end or its time limit. A failure is a result, not an exception. One at a time per deployment. */
export async function runCommand(command: Command, ahead?: Waiting): Promise<CommandResult> {
  const begun = performance.now();
  const mark = markOf(command);
  const output = new CommandOutput(command.logFile, command.redact);
  output.note(`\n$ ${command.label ?? command.argv.join(' ')}`);

  const child = ahead?.child ?? launch(command, 'ignore');
  output.follow(child);
  ahead?.child.stdin?.end(ahead.word);
  const ended = endOf(child, output);
  const timedOut = await isOver(ended, command.timeoutSeconds);
  // A server that a test forgot, or all of it at the limit. Found by the mark and not by the process group,
  // which is the whole deployment's, and which such a process may have left.
  await killMarked(mark);
  const { exitCode, signal } = await ended;
  const lastLines = await output.close(command.keepLines ?? LAST_LINES);

  const ms = Math.round(performance.now() - begun);
  output.note(`# ${timedOut ? 'time limit' : (signal ?? `code ${exitCode}`)} after ${ms} ms`);
  return { exitCode, signal, timedOut, lastLines, ms };
}

/** What a command gets of our environment: an allow-list, Node's own folder first in PATH, and the mark. */
export function commandEnvironment(mark: string): Record<string, string> {
  const clean = cleanEnvironment(process.env);
  const node = path.dirname(process.execPath);
  return { ...clean, PATH: [node, clean.PATH ?? '/usr/bin:/bin'].join(':'), [DEPLOYMENT_MARKER]: mark };
}

/**
 * Starts the process of a command that is run later: it must wait until its input ends, and leave when it has read
 * nothing. The end of another command of the deployment ends it too.
 */
export function launchAhead(command: Command): ChildProcess {
  const child = launch(command, 'pipe');
  // one that cannot be started, or is gone by then, is not waited for
  child.on('error', () => undefined);
  child.stdin?.on('error', () => undefined);
  return child;
}

function markOf({ logFile, deploymentId }: Command): string {
  return deploymentMark(path.dirname(logFile), deploymentId);
}

function launch(command: Command, input: 'ignore' | 'pipe'): ChildProcess {
  const mark = markOf(command);
  const [program, ...args] = command.argv;
  const options: SpawnOptions = {
    cwd: command.cwd,
    // the mark last: nothing may take it away
    env: { ...commandEnvironment(mark), ...command.env, [DEPLOYMENT_MARKER]: mark },
    stdio: [input, 'pipe', 'pipe'],
  };
  return command.lowPriority ? spawnPolitely(command.argv, options) : spawn(program as string, args, options);
}

interface End {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

function endOf(child: ChildProcess, output: CommandOutput): Promise<End> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      output.add(Buffer.from(`${error.message}\n`));
      resolve({ exitCode: NO_SUCH_PROGRAM, signal: null });
    });
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
}

/** Waits for the end; true when the limit came first. */
async function isOver(ended: Promise<End>, limitSeconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), limitSeconds * 1000);
  });
  const timedOut = await Promise.race([ended.then(() => false), limit]);
  clearTimeout(timer);
  return timedOut;
}
