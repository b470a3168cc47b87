/**
 * Runs one command of a deployment: an install, a test, a build or a migration. Kills every process that the command
 * leaves behind, and writes its output to the deployment's log.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import path from 'node:path';
import type { CommandExit } from '../core/machine-fault';
import { CommandOutput } from './command-output';
import { cleanEnvironment } from './environment-allowlist';
import { spawnLowPriority } from './low-priority';
import { DEPLOYMENT_MARKER, deploymentMark, killMarked } from './marked-processes';
import { watchMemory } from './memory-watch';

export { DEPLOYMENT_MARKER } from './marked-processes';

export interface Command {
  /** The program and its arguments; never a shell command line. */
  argv: readonly string[];
  cwd: string;
  /** Overrides the allow-listed environment. No secrets: the commit's own code can read it. */
  env?: Record<string, string>;
  /** The deployment's log in the home; output is appended. */
  logFile: string;
  timeoutSeconds: number;
  /** Runs with low processor and disk priority, and is killed first when memory runs out. */
  lowPriority?: boolean;
  deploymentId: number;
  /** Hides secrets in the output, line by line. */
  redact?: (text: string) => string;
  /** Replaces a long argv in the log. */
  label?: string;
  /** Number of last lines to keep; 100 by default. */
  keepLines?: number;
}

/**
 * The result of a command. The exit code is 127 if the program does not exist; the last lines are not blank and have no
 * colours.
 */
export interface CommandResult extends CommandExit {
  ms: number;
}

/** A shell's exit code for a program that does not exist. */
const NO_SUCH_PROGRAM = 127;
/** V8 prints a stack of up to 40 lines below the reason. */
const LAST_LINES = 100;

/** The log file for the output of a deployment's commands. */
export function deploymentLog(home: { logs: string }, deploymentId: number): string {
  return path.join(home.logs, `deployment-${deploymentId}.log`);
}

/** A process started by `prestart`, and the text for its input. */
export interface Prestarted {
  child: ChildProcess;
  word: string;
}

/**
 * Runs the command until it exits or reaches its time limit. A failure is a result, not an exception. A deployment runs
 * one command at a time.
 */
export async function runCommand(command: Command, ahead?: Prestarted): Promise<CommandResult> {
  const startedAt = performance.now();
  const mark = markOf(command);
  const output = new CommandOutput(command.logFile, command.redact);
  output.note(`\n$ ${command.label ?? command.argv.join(' ')}`);

  const memory = watchMemory();
  const child = ahead?.child ?? launch(command, 'ignore');
  output.follow(child);
  ahead?.child.stdin?.end(ahead.word);
  const ended = endOf(child, output);
  const timedOut = await timesOut(ended, command.timeoutSeconds);
  // Kills a server that a test left running, or everything at the time limit. Finds processes by the mark, because the
  // process group is the whole deployment's and a process may have left it.
  await killMarked(mark);
  const { exitCode, signal } = await ended;
  const used = memory.stop();
  const lastLines = await output.close(command.keepLines ?? LAST_LINES);

  const ms = Math.round(performance.now() - startedAt);
  output.note(`# ${timedOut ? 'time limit' : (signal ?? `code ${exitCode}`)} after ${ms} ms`);
  return { exitCode, signal, timedOut, lastLines, ...used, ms };
}

/** The environment of a command: the allow-listed variables, Node's own folder first in PATH, and the mark. */
export function commandEnvironment(mark: string): Record<string, string> {
  const clean = cleanEnvironment(process.env);
  const node = path.dirname(process.execPath);
  return { ...clean, PATH: [node, clean.PATH ?? '/usr/bin:/bin'].join(':'), [DEPLOYMENT_MARKER]: mark };
}

/**
 * Starts the process of a later command in advance. The process must wait for the end of its input, and exit if that is
 * empty. It is killed when another command of the deployment exits.
 */
export function prestart(command: Command): ChildProcess {
  const child = launch(command, 'pipe');
  // ignore a process that cannot be started or is already gone
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
    // the mark comes last, so that nothing overrides it
    env: { ...commandEnvironment(mark), ...command.env, [DEPLOYMENT_MARKER]: mark },
    stdio: [input, 'pipe', 'pipe'],
  };
  return command.lowPriority
    ? spawnLowPriority(command.argv, options)
    : spawn(program as string, args, options);
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

/** Waits for the command to exit; true if the time limit passes first. */
async function timesOut(ended: Promise<End>, limitSeconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), limitSeconds * 1000);
  });
  const timedOut = await Promise.race([ended.then(() => false), limit]);
  clearTimeout(timer);
  return timedOut;
}
