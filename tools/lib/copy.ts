/** A temporary copy of the clone: its last commit, its packages and its build, with its own home and ports. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeFromEngine } from '../../scripts/lib/engine-leftovers';
import { KnownFailure } from '../../scripts/lib/known';
import { processesLeft } from '../../scripts/lib/leftovers';
import { run } from '../../scripts/lib/run';
import { removeTree } from './remove-tree';

/** Long enough to be visible in the output, and short enough to wait for. */
const BAKE_SECONDS = '3';
/** The settings of the user's own Switchyard, git and npm do not apply to the copy. */
const NOT_INHERITED =
  /^(SWITCHYARD_|GIT_|npm_|INIT_CWD$|WEBHOOK_SECRET$|NOTIFY_URL$|SOURCE$|FORCE_COLOR$|NODE_ENV$)/;
/** An author for commits; the user's own key and hooks are not used. */
const GIT_SETTINGS = {
  'user.name': 'New User',
  'user.email': 'new@example.org',
  'commit.gpgSign': 'false',
  'core.hooksPath': '/dev/null',
};

export interface Ports {
  http: number;
  blue: number;
  green: number;
  deployer: number;
}

export interface Copy {
  dir: string;
  /** The environment for every process in the copy. */
  env: NodeJS.ProcessEnv;
  /** Stops every process in the copy and removes it. */
  remove: () => Promise<void>;
}

interface CopyOptions {
  ports: Ports;
  /** Part of the folder's name. */
  name: string;
  /** Variables that override the configuration. */
  settings?: Record<string, string>;
}

export async function makeCopy(root: string, { ports, name, settings }: CopyOptions): Promise<Copy> {
  const top = mkdtempSync(path.join(tmpdir(), `switchyard-${name}-`));
  // nginx's worker runs as another user and must be able to enter
  chmodSync(top, 0o755);
  const dir = path.join(top, path.basename(root));
  const env = { ...environment(top, ports), ...settings };
  const copy: Copy = { dir, env, remove: () => remove(top, copy) };
  try {
    mkdirSync(path.join(top, 'tmp'));
    await cloneInto(root, dir, env);
    await linkOrCopy(root, dir, 'node_modules');
    await linkOrCopy(root, dir, 'dist');
    return copy;
  } catch (error) {
    await copy.remove();
    throw error;
  }
}

function environment(top: string, ports: Ports): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
  return {
    ...Object.fromEntries(inherited),
    SWITCHYARD_HOME: path.join(top, 'home'),
    TMPDIR: path.join(top, 'tmp'),
    HTTP_PORT: String(ports.http),
    BLUE_PORT: String(ports.blue),
    GREEN_PORT: String(ports.green),
    DEPLOYER_PORT: String(ports.deployer),
    BAKE_SECONDS,
    BRANCH: 'main',
    npm_config_update_notifier: 'false',
  };
}

async function cloneInto(root: string, dir: string, env: NodeJS.ProcessEnv): Promise<void> {
  await runOrThrow('git', ['clone', '--quiet', root, dir], env);
  await runOrThrow('git', ['-C', dir, 'checkout', '--quiet', '-B', 'main'], env);
  for (const [name, value] of Object.entries(GIT_SETTINGS))
    await runOrThrow('git', ['-C', dir, 'config', name, value], env);
}

/** Nothing writes into these folders, so hard links serve as well as copies. */
async function linkOrCopy(root: string, dir: string, name: string): Promise<void> {
  const from = path.join(root, name);
  if ((await run('cp', ['-al', from, dir])).status === 0) return;
  rmSync(path.join(dir, name), { recursive: true, force: true });
  await runOrThrow('cp', ['-a', from, dir], process.env);
}

async function runOrThrow(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { status, lines } = await run(command, args, { env });
  if (status !== 0)
    throw new KnownFailure('E_INTERNAL', 'No copy could be made.', 'See above.', lines.slice(-5));
}

async function remove(top: string, { dir, env }: Copy): Promise<void> {
  // in its own session, so that a second Ctrl-C does not stop the cleanup
  const stop = [path.join(dir, 'bin', 'switchyard.js'), 'stop'];
  await run(process.execPath, stop, { cwd: top, env, whole: true });
  for (const { pid } of await processesLeft(top)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // the process has already exited
    }
  }
  // `npm stop` keeps the home and therefore its images
  removeFromEngine(top);
  await removeTree(top);
}
