/**
 * A new user's clone for end-to-end tests: this working tree in a repository, home and ports of its own. Tests drive it
 * with the commands a user would type.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Deployment } from '../../deploy/core/deployment';
import { homeAt, type Home } from '../../deploy/home/home';
import { Journal } from '../../deploy/journal/journal';
import { stopProcesses, processesWith } from '../../deploy/os/process-table';
import { removeTree } from '../../tools/lib/remove-tree';
import { expectDone } from './expect-live';
import { removeAllOf } from './docker';
import { freePorts } from './ports';

const ANSWER_WITHIN_MS = 30_000;
const REPOSITORY = path.resolve(__dirname, '..', '..');
const PACKAGES = path.join(REPOSITORY, 'node_modules');

export interface CommandResult {
  code: number;
  /** Standard output and standard error as they came. */
  text: string;
}

/** Lines that run beside the test, as in a second terminal. */
export interface Terminal {
  /** Its output so far. */
  text: () => string;
  /** Resolves once the commands have exited. */
  leave: (signal?: NodeJS.Signals) => Promise<void>;
  /** The exit code; null after a signal. */
  ended: Promise<number | null>;
}

export interface LiveClone {
  dir: string;
  home: Home;
  ports: { http: number; blue: number; green: number; deployer: number };
  journal(): Journal;
  /** `npm start` without npm, whose banner and 200 ms add nothing to a test. */
  start(): Promise<CommandResult>;
  /** `switchyard …`. */
  switchyard(...args: string[]): Promise<CommandResult>;
  git(...args: string[]): Promise<CommandResult>;
  /** Runs shell lines as the documentation prints them; stops at the first failure. */
  shell(lines: string): Promise<CommandResult>;
  /** Runs lines in a second terminal, exactly as given. The test must wait for them to finish, or call `leave`. */
  terminal(lines: string): Terminal;
  /** Writes a file of the clone. */
  write(file: string, text: string): void;
  read(file: string): string;
  /** Commits everything and pushes it to `live`; returns the push's terminal output. */
  push(message: string): Promise<CommandResult>;
  commit(message: string): Promise<string>;
  get(path: string): Promise<{ status: number; text: string }>;
  /** The deployments, oldest first. */
  deployments(): Deployment[];
  cleanUp(): Promise<void>;
}

export interface CloneOptions {
  env?: Record<string, string>;
  /** Changes the tree before its first commit. */
  change?: (dir: string) => void;
  /**
   * Links this repository's packages into a clone whose commits have none: real ones are 20,000 files to create and
   * remove. npm then changes only the links.
   */
  linkedPackages?: boolean;
  /** The folder for clone and home: a test's own disk, which the test removes. Default: the temporary folder. */
  parent?: string;
  /** The owner instead of root. Only with linked packages, since the others are hard links. */
  user?: number;
}

export async function liveClone({
  env = {},
  change,
  linkedPackages: linkedPackages = false,
  parent: parent,
  user,
}: CloneOptions = {}): Promise<LiveClone> {
  const top = mkdtempSync(path.join(parent ?? tmpdir(), 'switchyard-test-'));
  chmodSync(top, 0o755);
  const dir = path.join(top, 'clone');
  const home = homeAt(env.SWITCHYARD_HOME ?? path.join(top, 'home'));
  copyTree(dir);
  if (linkedPackages) linkPackages(dir);
  else copyPackages(dir);
  change?.(dir);
  const [http, blue, green, deployer] = (await freePorts(4)) as [number, number, number, number];
  const environment: Record<string, string> = {
    ...cleanEnvironment(),
    SWITCHYARD_HOME: home.dir,
    HTTP_PORT: String(http),
    BLUE_PORT: String(blue),
    GREEN_PORT: String(green),
    DEPLOYER_PORT: String(deployer),
    BAKE_SECONDS: '1',
    ...env,
  };
  if (user !== undefined) {
    environment.HOME = top;
    execFileSync('chown', ['-hR', `${user}:${user}`, top]);
  }
  const run = (file: string, args: string[], cwd = dir): Promise<CommandResult> =>
    execute(file, args, cwd, environment, user);
  const git = (...args: string[]): Promise<CommandResult> => run('git', args);
  await git('init', '--quiet', '--initial-branch=main');
  await commitAll(git, 'start');

  const clone: LiveClone = {
    dir,
    home,
    ports: { http, blue, green, deployer },
    journal: () => Journal.open(home),
    start: () => run(process.execPath, ['scripts/start.js']),
    switchyard: (...args) => run(process.execPath, ['bin/switchyard.js', ...args]),
    git,
    shell: (lines) => run('sh', ['-e', '-c', lines]),
    terminal: (lines) => terminal(lines, dir, environment),
    write: (file, text) => {
      mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
      writeFileSync(path.join(dir, file), text);
    },
    read: (file) => readFileSync(path.join(dir, file), 'utf8'),
    commit: async (message) => {
      await commitAll(git, message);
      return (await git('rev-parse', 'HEAD')).text.trim();
    },
    push: async (message) => {
      await commitAll(git, message);
      return git('push', 'live', 'main');
    },
    get: (where) => get(http, where),
    deployments: () => {
      const journal = Journal.open(home);
      const found = journal.history().reverse();
      journal.close();
      return found;
    },
    cleanUp: async () => {
      await run(process.execPath, ['bin/switchyard.js', 'stop']);
      await stopProcesses(processesWith('SWITCHYARD_HOME', home.dir), 0);
      await stopProcesses(processesWith('SWITCHYARD_DATA', home.shared), 0);
      if (environment.RUNTIME === 'compose') await removeAllOf(home);
      // the test removes the whole disk, which may be read-only by now
      if (parent !== undefined) return;
      if (linkedPackages) expectDone(await execute('rm', ['-rf', '--', top], tmpdir(), environment));
      else await removeTree(top);
    },
  };
  return clone;
}

/** Copies the files that a commit of this working tree would contain, and the build. */
function copyTree(dir: string): void {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  mkdirSync(dir);
  // one cp for all files: copying them one by one costs the test process a second
  const files = listed.split('\0').filter(Boolean);
  execFileSync('cp', ['-a', '--parents', '--', ...files, 'dist', dir], { cwd: REPOSITORY });
}

/** As npm would install them. No test writes into these files, so faster hard links replace copies. */
function copyPackages(dir: string): void {
  execFileSync('cp', ['-al', PACKAGES, path.join(dir, 'node_modules')]);
}

/** Links each package and npm's own metadata. */
function linkPackages(dir: string): void {
  const names = readdirSync(PACKAGES).flatMap((name) =>
    name.startsWith('@') ? readdirSync(path.join(PACKAGES, name)).map((inner) => `${name}/${inner}`) : name,
  );
  for (const name of names.filter((each) => each !== '.cache')) {
    const link = path.join(dir, 'node_modules', name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(PACKAGES, name), link);
  }
}

async function commitAll(git: LiveClone['git'], message: string): Promise<void> {
  await git('add', '--all');
  const who = ['-c', 'user.name=New', '-c', 'user.email=new@example.org'];
  await git(...who, 'commit', '--quiet', '--allow-empty', '-m', message);
}

/** A user's shell environment, without the variables set by the test runner. */
function cleanEnvironment(): Record<string, string> {
  const { PATH, HOME, USER, NODE_EXTRA_CA_CERTS, DOCKER_HOST } = process.env;
  const kept = { PATH, HOME, USER, NODE_EXTRA_CA_CERTS, DOCKER_HOST, LANG: 'C.UTF-8', TERM: 'dumb' };
  return Object.fromEntries(
    Object.entries(kept).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

function execute(
  file: string,
  args: string[],
  cwd: string,
  env: Record<string, string>,
  user?: number,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const rights = user === undefined ? {} : { uid: user, gid: user };
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], ...rights });
    let text = '';
    const add = (part: Buffer): void => void (text += part.toString('utf8'));
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, text }));
  });
}

function terminal(lines: string, cwd: string, env: Record<string, string>): Terminal {
  const shell = spawn('sh', ['-c', lines], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const add = (part: Buffer): void => void (text += part.toString('utf8'));
  shell.stdout.on('data', add);
  shell.stderr.on('data', add);
  const ended = new Promise<number | null>((resolve) => shell.once('close', resolve));
  return {
    text: () => text,
    leave: async (signal = 'SIGTERM') => {
      if (shell.exitCode === null) process.kill(-(shell.pid as number), signal);
      await ended;
    },
    ended,
  };
}

function get(port: number, where: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path: where, agent: false }, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString('utf8')));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    // when a slot hangs, the test must fail instead of hanging too
    asking.setTimeout(ANSWER_WITHIN_MS, () =>
      asking.destroy(new Error(`no answer in ${ANSWER_WITHIN_MS} ms`)),
    );
    asking.on('error', reject).end();
  });
}
