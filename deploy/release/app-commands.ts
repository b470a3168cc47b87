/** Runs the commit's own tests and its own build. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { redactorOf } from '../config/app-environment';
import type { CommandResult } from '../os/command';
import { deploymentLog, runCommand } from '../os/command';
import { configFileName } from '../config/file';
import type { ErrorCode } from '../core/errors';
import { KnownError } from '../core/errors';
import { failureLine } from '../core/failure-line';
import type { TimeLimit } from '../core/machine-fault';
import { machineFault } from '../core/machine-fault';
import type { AppSettings } from '../core/release';
import type { Home } from '../home/home';
import { isDiskFull } from '../os/disk-full';

export interface AppCommandContext {
  home: Home;
  /** The release's folder. */
  dir: string;
  deploymentId: number;
  /** Seconds. */
  limits: { test: number; build: number };
}

/** Runs the tests. Returns a clause for the journal if there are none. Throws E_TEST, E_TIMEOUT, E_DISK. */
export async function runTests(work: AppCommandContext, { test }: AppSettings): Promise<string | void> {
  return runOwn(work, test, TEST);
}

/**
 * Runs the build and checks that app.start exists afterwards. Throws E_BUILD, E_TIMEOUT, E_DISK.
 * @param variables those of the phase `build`
 */
export async function runBuild(
  work: AppCommandContext,
  { build, start }: AppSettings,
  variables: Record<string, string>,
): Promise<string | void> {
  const detail = await runOwn(work, build, { ...BUILD, env: { ...BUILD.env, ...variables } });
  mustHaveStart(work.dir, start, build === null ? 'This commit has no' : 'The build did not produce');
  return detail;
}

interface Kind {
  noun: string;
  limit: 'test' | 'build';
  code: ErrorCode;
  env: Record<string, string>;
}

/** With CI set, a test runner does not wait for a key press. */
const TEST: Kind = {
  noun: 'The tests',
  limit: 'test',
  code: 'E_TEST',
  env: { NODE_ENV: 'test', CI: 'true' },
};
/** With NODE_ENV=production, bundlers drop their development code. */
const BUILD: Kind = { noun: 'The build', limit: 'build', code: 'E_BUILD', env: { NODE_ENV: 'production' } };

async function runOwn(work: AppCommandContext, argv: string[] | null, kind: Kind): Promise<string | void> {
  if (argv === null) return 'none';
  const { home, dir, deploymentId } = work;
  const limit = work.limits[kind.limit];
  const result = await runCommand({
    argv,
    cwd: dir,
    env: kind.env,
    redact: redactorOf(home),
    logFile: deploymentLog(home, deploymentId),
    timeoutSeconds: limit,
    lowPriority: true,
    deploymentId,
  });
  if (result.timedOut || result.exitCode !== 0)
    throw failureOf(kind, argv, result, { seconds: limit, name: `limits.${kind.limit}` }, deploymentId);
}

function failureOf(
  { noun, code }: Kind,
  argv: string[],
  result: CommandResult,
  limit: TimeLimit,
  deploymentId: number,
): KnownError {
  const what = `${noun} (${argv.join(' ')})`;
  const reason = failureLine(result.lastLines);
  const message = `${what} exited with code ${result.exitCode}${reason && `: ${reason}`}`;
  if (isDiskFull(result.lastLines)) return new KnownError('E_DISK', message);
  const hint = `Read its output: ./switchyard logs ${deploymentId}`;
  return machineFault(what, result, limit) ?? new KnownError(code, message, hint);
}

function mustHaveStart(dir: string, start: string, lacking: string): void {
  const file = path.resolve(dir, start);
  const inside = file.startsWith(dir + path.sep);
  if (inside && statSync(file, { throwIfNoEntry: false })?.isFile()) return;
  const hint = `Have app.build in ${configFileName(dir)} produce it, or name the right file in app.start.`;
  throw new KnownError('E_BUILD', `${lacking} ${start}, which app.start names.`, hint);
}
