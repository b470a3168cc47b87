/** Runs git through simple-git: no shell, an allow-listed environment, and errors with git's own reason. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SimpleGit, SimpleGitOptions } from 'simple-git';
import { GitError, GitPluginError, simpleGit } from 'simple-git';
import { cleanEnvironment } from '../os/environment-allowlist';
import { runLowPriority } from '../os/low-priority';
import { DEPLOYMENT_MARKER } from '../os/marked-processes';
import type { SourceAccess } from './source-access';

const run = promisify(execFile);

/** Git is killed after this long without output; a transfer prints its progress. */
const SILENT_LIMIT_MS = 60_000;

/** The time limit of commands that print no progress. */
const LONGEST_MS = 600_000;

/** The git variables that we set ourselves; simple-git removes all others, including those that git sets for a hook. */
const OURS = [
  'GIT_TERMINAL_PROMPT',
  'GIT_ALLOW_PROTOCOL',
  'GIT_OPTIONAL_LOCKS',
  'GIT_DIR',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_CONFIG_COUNT',
  ...[0, 1].flatMap((at) => [`GIT_CONFIG_KEY_${at}`, `GIT_CONFIG_VALUE_${at}`]),
];

/** A git failure. The message is git's own reason in one line. */
export class GitFailure extends GitError {
  /** @param output everything that git wrote */
  constructor(
    readonly output: string,
    reason: string,
  ) {
    super(undefined, reason);
    this.name = 'GitFailure';
  }
}

/** Runs git in a work tree. @param objects the object folder of another repository, whose commits are readable too */
export function gitIn(folder: string, objects?: string): SimpleGit {
  return configured(folder, objects === undefined ? {} : { GIT_ALTERNATE_OBJECT_DIRECTORIES: objects });
}

/**
 * Runs git on one of Switchyard's bare repositories. GIT_DIR names it, so that git never falls back to a
 * repository above a broken one.
 */
export function gitOn(bareRepository: string, options: BareOptions = {}): SimpleGit {
  const env: Record<string, string> = { GIT_DIR: bareRepository, ...options.env };
  if (options.objects) env.GIT_ALTERNATE_OBJECT_DIRECTORIES = options.objects.join(':');
  if (options.deploymentMark) env[DEPLOYMENT_MARKER] = options.deploymentMark;
  return configured(bareRepository, env, {
    allowUnsafeHooksPath: options.setsHooksPath === true,
    // Switchyard's own credential helper, see source-access.ts
    allowUnsafeConfigEnvCount: options.env !== undefined,
    allowUnsafeCredentialHelper: options.env !== undefined,
  });
}

/** Explicit locations of the index and the work tree. */
export interface WorkTreePaths {
  indexFile: string;
  workTree: string;
}

/**
 * Runs a command that prints nothing on success, and so avoids simple-git's 50 ms wait for output. Throws GitFailure.
 */
export async function gitSilently(
  bareRepository: string,
  args: string[],
  places?: WorkTreePaths,
): Promise<void> {
  try {
    await run('git', args, { ...silently(bareRepository, places), timeout: LONGEST_MS });
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    throw new GitFailure(stderr, causeIn(stderr) || message);
  }
}

/**
 * Runs a background command at low CPU and disk priority, so that live slots go first. Rejects without git's reason.
 */
export async function gitLowPriority(
  bareRepository: string,
  args: string[],
  places?: WorkTreePaths,
): Promise<void> {
  await runLowPriority(['git', ...args], silently(bareRepository, places));
}

function silently(bareRepository: string, places?: WorkTreePaths): { cwd: string; env: NodeJS.ProcessEnv } {
  const files = places && { GIT_INDEX_FILE: places.indexFile, GIT_WORK_TREE: places.workTree };
  return {
    cwd: bareRepository,
    // the machine's .gitattributes must not affect the commit
    env: { ...gitEnvironment(process.env), GIT_ATTR_NOSYSTEM: '1', GIT_DIR: bareRepository, ...files },
  };
}

interface BareOptions {
  /** The mark of the deployment, by which git and git's children are killed with the deployment. */
  deploymentMark?: string;
  /** Allows setting core.hooksPath, which simple-git refuses by default. */
  setsHooksPath?: boolean;
  /** Access to the source. */
  env?: SourceAccess['env'];
  /** The object folders of other repositories, whose commits are readable too. */
  objects?: string[];
}

function configured(
  folder: string,
  env: Record<string, string>,
  unsafe: SimpleGitOptions['unsafe'] = {},
): SimpleGit {
  return simpleGit({
    baseDir: folder,
    // simple-git treats a non-zero exit without output as a success
    errors: (error, { exitCode, stdOut, stdErr }) => {
      if (error instanceof GitPluginError) return new GitFailure('', 'it has not answered for a minute');
      if (exitCode === 0) return error;
      const output = Buffer.concat([...stdOut, ...stdErr]).toString('utf8');
      return new GitFailure(output, causeIn(output) || `git exited with code ${exitCode}`);
    },
    // by default simple-git treats the output as complete 50 ms after the exit
    completion: { onClose: true, onExit: false },
    timeout: { block: SILENT_LIMIT_MS },
    allowEnvironment: OURS,
    unsafe,
  }).env({ ...gitEnvironment(process.env), ...env });
}

/** The environment for git. */
export function gitEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const { SSH_AUTH_SOCK, SUDO_UID } = env;
  return {
    ...cleanEnvironment(env),
    ...(SSH_AUTH_SOCK && { SSH_AUTH_SOCK }),
    // lets git as root read the clone of the user who called sudo
    ...(SUDO_UID && { SUDO_UID }),
    // causeIn parses git's English messages
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    // overrides any configuration: git must refuse a source such as ext::sh, which runs a command
    GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
    // a status query must not take the index lock of the user's clone
    GIT_OPTIONAL_LOCKS: '0',
  };
}

/** Git's reason in one line, with passwords in URLs masked; empty if git gave none. */
export function causeIn(output: string): string {
  const lines = output.split(/[\r\n]+/).map((line) => line.trim());
  const fatal = lines.findIndex((line) => /^(fatal|error): /.test(line));
  // ssh gives the reason in the line before git's "Could not read from remote repository."
  const wordy = lines[fatal]?.includes('Could not read from remote repository')
    ? lines[fatal - 1]
    : undefined;
  const line = wordy || lines[fatal] || lines.findLast((candidate) => candidate !== '') || '';
  return line.replace(/^(fatal|error): /, '').replace(/:\/\/[^/@\s]*@/g, '://***@');
}

/** The reason of a git failure, for use in a message. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
