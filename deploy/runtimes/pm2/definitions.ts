/**
 * Builds PM2 app definitions in the format of PM2's ecosystem file. Pure, so that ecosystem.config.js and the
 * runtime start the same apps.
 */
import path from 'node:path';
import { KnownError } from '../../core/errors';
import type { Release } from '../../core/release';
import type { Slot, SlotName } from '../../core/slot';
import type { Home } from '../../home/home';
import { appEnvironment, deployerEnvironment } from '../../os/app-environment';
import { preloadFile } from './preload';

export interface Pm2Definition {
  name: string;
  script: string;
  args: string[];
  cwd: string;
  interpreter: 'none';
  exec_mode: 'fork';
  /** False keeps PM2's monitoring code and its telemetry out of the process. */
  pmx: false;
  /** False: PM2 does not run git in the folder. */
  vizion: false;
  autorestart: true;
  /** Milliseconds before the first restart; each later delay is 1.5 times the previous one, up to 15 s. */
  exp_backoff_restart_delay: number;
  /** Milliseconds from SIGTERM to SIGKILL. */
  kill_timeout: number;
  /** Milliseconds between PM2's checks of whether a process has exited. */
  kill_retry_time: number;
  treekill: false;
  merge_logs: true;
  out_file: string;
  error_file: string;
  pid_file: string;
  filter_env: string[];
  env: Record<string, string>;
}

export const DEPLOYER = 'deployer';
const SLOT_PREFIX = 'app-';
/** The path of the deployer's program in the clone. */
export const DEPLOYER_SCRIPT = path.join('dist', 'deploy', 'daemon.js');
export const DEPLOYER_STOP_SECONDS = 5;

export interface SlotInput {
  home: Home;
  slot: Slot;
  release: Release;
  instance: string;
  /** The version number of the app's own variables. */
  environment: number;
  /**
   * The file with their values; null if there are none. PM2 would show and store the values if it got them directly.
   */
  variables: string | null;
  /** Seconds from SIGTERM to SIGKILL. */
  stopSeconds: number;
  /** The caller's environment; only allow-listed variables are used. */
  env: NodeJS.ProcessEnv;
}

/** The PM2 app of a release in a slot: `app-blue`. */
export function slotDefinition({
  home,
  slot,
  release,
  instance,
  environment,
  variables,
  stopSeconds,
  env,
}: SlotInput): Pm2Definition {
  return node({
    home,
    variables,
    name: slotAppName(slot.name),
    script: path.join(release.dir, release.app.start),
    cwd: release.dir,
    stopSeconds,
    env: {
      ...appEnvironment(env),
      NODE_ENV: 'production',
      PORT: String(slot.port),
      SWITCHYARD_COMMIT: release.commit,
      SWITCHYARD_INSTANCE: instance,
      SWITCHYARD_ENVIRONMENT: String(environment),
      SWITCHYARD_SLOT: slot.name,
      SWITCHYARD_DATA: home.shared,
    },
  });
}

/** The PM2 app of the deployer of the clone at `root`. */
export function deployerDefinition({
  home,
  root,
  env,
}: {
  home: Home;
  root: string;
  env: NodeJS.ProcessEnv;
}): Pm2Definition {
  return node({
    home,
    name: DEPLOYER,
    variables: null,
    script: path.join(root, DEPLOYER_SCRIPT),
    cwd: root,
    stopSeconds: DEPLOYER_STOP_SECONDS,
    env: { ...deployerEnvironment(env), SWITCHYARD_HOME: home.dir, SWITCHYARD_ROOT: root },
  });
}

/**
 * The environment of PM2's daemon and command line: allow-listed variables only, since PM2 passes them on,
 * and settings that stop PM2 from phoning home.
 */
export function pm2Environment(home: Home, caller: NodeJS.ProcessEnv): Record<string, string> {
  return {
    ...appEnvironment(caller),
    PM2_HOME: home.pm2,
    // PM2 takes the stop signal only from the daemon's environment, not from the app's definition
    PM2_KILL_SIGNAL: 'SIGTERM',
    PM2_DISABLE_VERSION_CHECK: 'true',
    PM2_NO_INTERACTION: 'true',
  };
}

export function slotAppName(slot: SlotName): string {
  return SLOT_PREFIX + slot;
}

/** The slot in a PM2 app's name, or null if the app is not a slot. */
export function slotOfApp(name: string): SlotName | null {
  return name.startsWith(SLOT_PREFIX) ? name.slice(SLOT_PREFIX.length) : null;
}

/** The settings for a single log file of an app, without a prefix, because a prefix would break JSON lines. */
export function logFile(home: Home, name: string): string {
  return path.join(home.logs, `${name}.log`);
}

/** The program that PM2's daemon loads first; see logging.ts. */
export function loggingFile(home: Home): string {
  return path.join(home.pm2, 'logging.js');
}

interface NodeInput {
  home: Home;
  name: string;
  /** See SlotInput. */
  variables: string | null;
  script: string;
  cwd: string;
  stopSeconds: number;
  env: Record<string, string>;
}

/**
 * Node and its libraries read some variables before the app starts, so a shell sets all of them and then executes Node.
 */
const WITH_VARIABLES = ['-c', '. "$0" && exec "$@"'];

/**
 * Runs Node as the script and the program as its argument, so that PM2 adds no wrapper. With `node` as the interpreter,
 * PM2 loads the program from a wrapper: `process.argv[1]` is the wrapper, and an ES module's check for the main module
 * fails. A path with a space would also go through bash.
 */
function node({ home, name, variables, script, cwd, stopSeconds, env }: NodeInput): Pm2Definition {
  if (process.execPath.includes(' ')) {
    throw new KnownError('E_RUNTIME', `PM2 cannot start a Node whose path has a space: ${process.execPath}`);
  }
  const args = ['--require', preloadFile(home), script];
  return {
    name,
    ...(variables === null
      ? { script: process.execPath, args }
      : { script: '/bin/sh', args: [...WITH_VARIABLES, variables, process.execPath, ...args] }),
    cwd,
    interpreter: 'none',
    exec_mode: 'fork',
    pmx: false,
    vizion: false,
    autorestart: true,
    exp_backoff_restart_delay: 100,
    // 0 would mean PM2's own default
    kill_timeout: Math.max(1, Math.round(stopSeconds * 1000)),
    kill_retry_time: 5,
    // PM2's treekill runs `ps` and sends no signal at all if `ps` is missing. The deployer's deployments must outlive
    // it anyway, and the runtime kills the children that a slot leaves behind.
    treekill: false,
    merge_logs: true,
    out_file: logFile(home, name),
    error_file: logFile(home, name),
    pid_file: path.join(home.pm2, 'pids', `${name}.pid`),
    // [''] filters out all of the caller's variables; the documented `true` filters none
    filter_env: [''],
    env,
  };
}
