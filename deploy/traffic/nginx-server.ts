/**
 * Configures, starts and stops one home's nginx. Only `npm start` changes the configuration that a
 * running nginx has loaded.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { slotsOf, type Config } from '../config/load';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
import { isRunning } from '../os/process-table';
import { waitUntil } from '../os/wait-until';
import { lastLines } from '../os/tail';
import { findNginx, runNginx, type NginxBinary } from './nginx-binary';
import { forgetClosing, withConnectionsClosed } from './close-connections';
import { loadedMark } from './loaded-mark';
import type { NginxConfiguration } from './nginx-files';
import {
  changedFiles,
  configFile,
  configurationFor,
  errorLog,
  socketFiles,
  statusSocket,
  writeConfiguration,
  writeFiles,
  writtenFiles,
  writtenMark,
} from './nginx-files';
import { acceptingWorkers, masterOf, processesOf } from './nginx-processes';
import { portInUse } from '../os/port-holder';
import { probe } from './probe';
import { prepareTables } from './table-folder';
import { checkTableIsReadable, findWorkerUser } from './worker-user';
import { complaint, portClash, refusal } from './nginx-refusal';

export interface NginxServer {
  /** `1.22.1`. Throws E_NO_NGINX, E_NGINX_TOO_OLD. */
  version(): Promise<string>;
  /**
   * Writes the configuration and the tables into the home. A running nginx keeps its loaded
   * configuration. Throws E_HOME.
   */
  configure(): Promise<void>;
  /** Runs `nginx -t` on the configuration. Throws E_NGINX with nginx's own error, or E_PORT_IN_USE. */
  check(): Promise<void>;
  /**
   * Starts nginx as a daemon and resolves when it answers; does nothing if it already runs. First asks workers left by
   * a killed master to quit. Throws E_PORT_IN_USE, E_UNREADABLE_TABLE, E_NGINX.
   */
  start(): Promise<void>;
  /**
   * Applies the current configuration to a running nginx without losing a request; returns false if it is already
   * loaded and written. Throws E_NGINX if nginx refuses it; the running nginx then keeps its configuration.
   */
  apply(): Promise<boolean>;
  /**
   * Lets requests finish for `graceMs` (default 12 s), then kills nginx. Resolves when no process of this nginx is
   * left. Throws E_NGINX if one survives.
   */
  stop(options?: { graceMs?: number }): Promise<void>;
  /** The master process of this home's nginx, or null. */
  running(): { pid: number } | null;
  /** All its pids, including workers that outlived their master and still serve requests. */
  processes(): number[];
}

interface NginxOptions {
  /** A PATH to search before the system folders. Default: this process's PATH. */
  searchPath?: string;
}

/** Slightly more than `worker_shutdown_timeout` in the configuration. */
const GRACE_MS = 12_000;
/** The time limit for operations that normally take nginx milliseconds. */
const PATIENCE_MS = 5000;
const POLL_EVERY_MS = 10;
const APPLIED_WITHIN_MS = 10_000;
const CORRECT_TEMPLATES = 'Correct the templates in nginx/, then: npm start';
export function nginxServer(home: Home, config: Config, options: NginxOptions = {}): NginxServer {
  const slots = slotsOf(config).map((slot) => slot.name);
  const nginxArgs = ['-p', `${home.nginx}/`, '-c', configFile(home)];
  let found: Promise<NginxBinary> | undefined;
  const binary = (): Promise<NginxBinary> =>
    (found ??= findNginx(options.searchPath ?? process.env.PATH ?? ''));

  return {
    version: async () => (await binary()).version,

    async configure() {
      writeConfiguration(home, config, await binary(), findWorkerUser());
      prepareTables(home, slots);
    },

    async check() {
      const { file } = await binary();
      const { code, stderr } = await runNginx(file, ['-t', ...nginxArgs], home.nginx);
      if (code !== 0) throw refusal(stderr, config.http.port, 'refuses its configuration');
    },

    async start() {
      if (masterOf(home) !== null) return;
      const { file } = await binary();
      checkTableIsReadable(home, slots, findWorkerUser());
      forgetClosing(home);
      await dismissOrphans(home, config.http.port);
      if (portInUse(config.http.port)) throw portClash(config.http.port);
      for (const socket of socketFiles(home, config)) rmSync(socket, { force: true });
      const { code, stderr } = await runNginx(file, nginxArgs, home.nginx);
      if (code !== 0) throw refusal(stderr, config.http.port, 'does not start');
      await answering(home);
    },

    async apply() {
      const nginx = await binary();
      const wanted = configurationFor(home, config, nginx, findWorkerUser());
      forgetClosing(home);
      // an nginx without free connections does not answer, and may need another configuration for just that reason
      const loaded = await loadedMark(home, config.http.port, PATIENCE_MS).catch(() => writtenMark(home));
      if (loaded === wanted.mark && changedFiles(home, wanted).length === 0) return false;
      await tryOut(home, nginx.file, wanted, config.http.port);
      if (loaded === wanted.mark) writeFiles(home.nginx, wanted.files);
      else await replaceLoaded(home, config.http.port, loaded ?? '', wanted);
      return true;
    },

    stop: ({ graceMs = GRACE_MS } = {}) => end(home, graceMs),

    running() {
      const pid = masterOf(home);
      return pid === null ? null : { pid };
    },

    processes: () => processesOf(home),
  };
}

/**
 * Tests a configuration in a separate folder. The active files must stay valid, because nginx
 * restarts from them if it dies.
 */
async function tryOut(home: Home, file: string, wanted: NginxConfiguration, port: number): Promise<void> {
  const folder = path.join(home.nginx, 'next');
  mkdirSync(folder, { recursive: true });
  try {
    writeFiles(folder, wanted.files);
    const args = ['-t', '-p', `${home.nginx}/`, '-c', path.join(folder, 'nginx.conf')];
    const { code, stderr } = await runNginx(file, args, home.nginx);
    if (code === 0) return;
    const { message } = refusal(stderr, port, 'refuses its new configuration');
    throw new KnownError('E_NGINX', `${message} It keeps its current one.`, CORRECT_TEMPLATES);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Reloads nginx with the new configuration, and restores the old files if it does not take effect.
 * @param loaded the mark of the configuration that nginx has loaded
 */
async function replaceLoaded(
  home: Home,
  port: number,
  loaded: string,
  wanted: NginxConfiguration,
): Promise<void> {
  const before = writtenFiles(home, wanted);
  const old = acceptingWorkers(home);
  // new workers answer 100 ms before nginx asks the old ones to quit
  const hasReplaced = async (): Promise<boolean> =>
    (await loadedMark(home, port, PATIENCE_MS).catch(() => null)) === wanted.mark &&
    !acceptingWorkers(home).some((pid) => old.includes(pid));
  await withConnectionsClosed(home, port, loaded, async () => {
    writeFiles(home.nginx, wanted.files);
    const master = masterOf(home);
    if (master !== null) send(master, 'SIGHUP');
    if (await until(hasReplaced, APPLIED_WITHIN_MS)) return;
    writeFiles(home.nginx, before);
    const why = (await lastLines(errorLog(home), 5)).findLast((line) => line.includes('[emerg]'));
    const said = why === undefined ? '.' : `: ${complaint(why)}`;
    throw new KnownError('E_NGINX', `nginx did not accept its new configuration${said}`, CORRECT_TEMPLATES);
  });
}

/** Stops this home's nginx with SIGQUIT, SIGTERM, then SIGKILL, until no process is left. */
async function end(home: Home, graceMs: number): Promise<void> {
  const stages: [NodeJS.Signals, number][] = [
    ['SIGQUIT', graceMs],
    ['SIGTERM', PATIENCE_MS],
    ['SIGKILL', PATIENCE_MS],
  ];
  for (const [signal, patience] of stages) {
    const master = masterOf(home);
    // a master stops its own workers, and would replace one that is killed separately
    for (const pid of master === null ? processesOf(home) : [master]) send(pid, signal);
    if (await until(() => processesOf(home).length === 0, patience)) return;
  }
  const left = processesOf(home).join(', ');
  if (left) throw new KnownError('E_NGINX', `nginx does not stop: pid ${left}.`);
}

/**
 * Workers of a killed master keep serving and hold the port, which a new nginx cannot take over. After SIGQUIT they
 * release it at once and finish their requests beside the new nginx.
 */
async function dismissOrphans(home: Home, port: number): Promise<void> {
  const orphans = processesOf(home);
  if (orphans.length === 0) return;
  const quit = (): Promise<boolean> => {
    for (const pid of orphans) send(pid, 'SIGQUIT');
    // by pid: a worker that quits rewrites its title, and cannot be found by it meanwhile
    return until(() => !portInUse(port) || !orphans.some(isRunning), PATIENCE_MS);
  };
  const mark = await loadedMark(home, port, PATIENCE_MS).catch(() => null);
  const left = await (mark === null ? quit() : withConnectionsClosed(home, port, mark, quit));
  if (!left) await end(home, 0);
}

/** False if the condition does not hold within this time. */
function until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  return waitUntil(condition, { everyMs: POLL_EVERY_MS, withinMs });
}

async function answering(home: Home): Promise<void> {
  const question = { socketPath: statusSocket(home), path: '/', timeoutMs: 1000 };
  const serves = async (): Promise<boolean> =>
    masterOf(home) !== null && (await probe(question)).status === 204;
  if (await until(serves, PATIENCE_MS)) return;
  throw new KnownError('E_NGINX', 'nginx was started but does not answer.');
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // the process is already gone
  }
}
