/** Starts the processes of the benchmark and stops them at its end, even when it is interrupted. */
import { execFile, spawn, type ChildProcess, type ExecFileOptions } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { probe } from '../../deploy/traffic/probe';
import { find, SERVER_FOLDERS } from '../../scripts/lib/find';
import { until } from '../../test/support/until';

const READY_WITHIN_MS = 15_000;
const GRACE_MS = 3000;

const cleanups = new Set<() => unknown>();

/** Registers a cleanup for the end; the last one registered runs first. Returns a function that runs it now. */
export function onCleanup(cleanup: () => unknown): () => Promise<void> {
  cleanups.add(cleanup);
  return async () => {
    if (cleanups.delete(cleanup)) await cleanup();
  };
}

export async function cleanUp(): Promise<void> {
  for (const cleanup of [...cleanups].reverse()) {
    cleanups.delete(cleanup);
    await Promise.resolve()
      .then(cleanup)
      .catch((error) => console.error(`! ${error}`));
  }
}

/** Stops the process at the end, if it is still running. */
export function stopAtEnd(child: ChildProcess): ChildProcess {
  const forget = onCleanup(() => stop(child));
  child.once('exit', () => void forget());
  return child;
}

/** Starts a server in the foreground. */
export function startServer(
  file: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): ChildProcess {
  return stopAtEnd(spawn(file, args, { stdio: 'ignore', ...options }));
}

/** SIGTERM, then SIGKILL. */
export function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || !child.pid) return Promise.resolve();
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  child.kill('SIGTERM');
  return exitOf(child).finally(() => clearTimeout(timer));
}

export function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** The output of a program. Rejects if it fails. */
export function output(file: string, args: string[], options: ExecFileOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { maxBuffer: 1e8, ...options }, (error, stdout, stderr) => {
      const reason = String(stderr).trimEnd().split('\n').at(-1) || error?.message;
      if (error) reject(new Error(`${path.basename(file)} ${args[0] ?? ''}: ${reason}`));
      else resolve(String(stdout) + String(stderr));
    });
  });
}

/** A folder that every user may enter; removed at the end. */
export function tempFolder(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'switchyard-bench-'));
  chmodSync(dir, 0o755);
  onCleanup(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Waits for a response with status 200. */
export async function waitForAnswer(port: number, where = '/'): Promise<void> {
  const question = { port, path: where, timeoutMs: READY_WITHIN_MS };
  const isReady = async (): Promise<boolean> => (await probe(question)).status === 200;
  await until(`an answer on port ${port}`, isReady, READY_WITHIN_MS);
}

/** The path of a program, or null. */
export function findProgram(name: string): string | null {
  return find(name, process.env, SERVER_FOLDERS);
}
