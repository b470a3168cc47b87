/**
 * How we call git: simple-git without a shell, with an environment of our own, and with failures that say
 * what git itself said.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SimpleGit } from 'simple-git';
import { GitError, GitPluginError, simpleGit } from 'simple-git';
import { cleanEnvironment } from '../os/environment-allowlist';
import { runPolitely } from '../os/low-priority';
import { DEPLOYMENT_MARKER } from '../os/marked-processes';

const run = promisify(execFile);

/** Git is given up when it has written nothing for so long; a transfer writes its progress. */
const SILENT_LIMIT_MS = 60_000;

/** A command that writes nothing cannot show that it lives. */
const LONGEST_MS = 600_000;

/** Variables of git's that we set ourselves; simple-git removes all others, those of a hook among them. */
const OURS = ['GIT_TERMINAL_PROMPT', 'GIT_ALLOW_PROTOCOL', 'GIT_OPTIONAL_LOCKS', 'GIT_DIR'];

/** Git failed. Its message is git's own reason in one line. */
export class GitFailure extends GitError {
  /** @param output everything git wrote */
  constructor(
    readonly output: string,
    reason: string,
  ) {
    super(undefined, reason);
    this.name = 'GitFailure';
  }
}

/** Git in a work tree. */
export function gitIn(folder: string): SimpleGit {
  return configured(folder, {});
}

/**
 * Git on a bare repository of ours. It is named and not looked for, so that a broken one can never turn into
 * a repository above the home.
 */
export function gitOn(bareRepository: string, options: BareOptions = {}): SimpleGit {
  const env: Record<string, string> = { GIT_DIR: bareRepository };
  if (options.deploymentMark) env[DEPLOYMENT_MARKER] = options.deploymentMark;
  return configured(bareRepository, env, options.setsHooksPath);
}

/** Where git finds and puts the files it works on, when it is not to look for them. */
export interface WorkPlaces {
  indexFile: string;
  workTree: string;
}

/**
 * The same for a command that says nothing when all is well: simple-git would wait 50 ms for its words. Throws
 * GitFailure.
 */
export async function gitSilently(
  bareRepository: string,
  args: string[],
  places?: WorkPlaces,
): Promise<void> {
  try {
    await run('git', args, { ...silently(bareRepository, places), timeout: LONGEST_MS });
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    throw new GitFailure(stderr, causeIn(stderr) || message);
  }
}

/** The same where nobody waits for it: with what processor and disk the live slots leave. Rejects without git's reason. */
export async function gitPolitely(
  bareRepository: string,
  args: string[],
  places?: WorkPlaces,
): Promise<void> {
  await runPolitely(['git', ...args], silently(bareRepository, places));
}

function silently(bareRepository: string, places?: WorkPlaces): { cwd: string; env: NodeJS.ProcessEnv } {
  const files = places && { GIT_INDEX_FILE: places.indexFile, GIT_WORK_TREE: places.workTree };
  return {
    cwd: bareRepository,
    // the machine's own .gitattributes is not the commit's
    env: { ...gitEnvironment(process.env), GIT_ATTR_NOSYSTEM: '1', GIT_DIR: bareRepository, ...files },
  };
}

interface BareOptions {
  /** Names the deployment, which then ends git, and what git has started, when it is ended itself. */
  deploymentMark?: string;
  /** simple-git refuses to configure where hooks are, unless it is told that this is meant. */
  setsHooksPath?: boolean;
}

function configured(folder: string, env: Record<string, string>, setsHooksPath = false): SimpleGit {
  return simpleGit({
    baseDir: folder,
    // simple-git takes a silent failure, an exit code alone, for a success
    errors: (error, { exitCode, stdOut, stdErr }) => {
      if (error instanceof GitPluginError) return new GitFailure('', 'it has not answered for a minute');
      if (exitCode === 0) return error;
      const output = Buffer.concat([...stdOut, ...stdErr]).toString('utf8');
      return new GitFailure(output, causeIn(output) || `git ended with code ${exitCode}`);
    },
    // its default takes output for complete 50 ms after the exit
    completion: { onClose: true, onExit: false },
    timeout: { block: SILENT_LIMIT_MS },
    allowEnvironment: OURS,
    unsafe: { allowUnsafeHooksPath: setsHooksPath },
  }).env({ ...gitEnvironment(process.env), ...env });
}

/** What git gets of our environment. */
export function gitEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const { SSH_AUTH_SOCK, SUDO_UID } = env;
  return {
    ...cleanEnvironment(env),
    ...(SSH_AUTH_SOCK && { SSH_AUTH_SOCK }),
    // git lets root read the clone of the user who called sudo
    ...(SUDO_UID && { SUDO_UID }),
    // its messages are read by causeIn
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    // goes over every configuration: a source like ext::sh runs a command, and git must refuse it
    GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
    // asking for the state of a person's clone must not take its index lock
    GIT_OPTIONAL_LOCKS: '0',
  };
}

/** Git's own reason in one line, without passwords in URLs; empty when it gave none. */
export function causeIn(output: string): string {
  const lines = output.split(/[\r\n]+/).map((line) => line.trim());
  const fatal = lines.findIndex((line) => /^(fatal|error): /.test(line));
  // ssh says why in the line before git's "Could not read from remote repository."
  const wordy = lines[fatal]?.includes('Could not read from remote repository')
    ? lines[fatal - 1]
    : undefined;
  const line = wordy || lines[fatal] || lines.findLast((candidate) => candidate !== '') || '';
  return line.replace(/^(fatal|error): /, '').replace(/:\/\/[^/@\s]*@/g, '://***@');
}

/** Why git failed, for a sentence. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
