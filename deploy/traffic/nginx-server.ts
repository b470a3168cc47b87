/**
 * Configures, starts and stops one home's nginx. Only `npm start` changes the configuration that a
 * running nginx has loaded.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { slotsOf, type Config } from '../config/load';
import { KnownError } from '../core/errors';
import type { Home } from '../home/home';
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
import { dismissOrphans, signalProcess, stopNginx } from './nginx-stop';
import { portInUse } from '../os/port-holder';
import { probe } from './probe';
import { prepareTables } from './table-folder';
import { checkTableIsReadable, findWorkerUser } from './worker-user';
import { complaint, portClash, refusal } from './nginx-refusal';

export interface NginxServer {
  /** `1.22.1`. Throws E_NO_NGINX, E_NGINX_TOO_OLD. */
  version(): Promise<string>;
  /** Writes the configuration and the tables into the home, without a reload. Throws E_HOME. */
  configure(): Promise<void>;
  /** Runs `nginx -t` on the configuration. Throws E_NGINX with nginx's own error, or E_PORT_IN_USE. */
  check(): Promise<void>;
  /**
   * Starts nginx as a daemon and resolves when it answers; does nothing if it is already running. First asks workers
   * left by a killed master to quit. Throws E_PORT_IN_USE, E_UNREADABLE_TABLE, E_NGINX.
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
const ANSWERS_WITHIN_MS = 5000;
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
      // an nginx without free connections does not answer, and may need another configuration for that very reason
      const loaded = await loadedMark(home, config.http.port, ANSWERS_WITHIN_MS).catch(() =>
        writtenMark(home),
      );
      if (loaded === wanted.mark && changedFiles(home, wanted).length === 0) return false;
      await tryOut(home, nginx.file, wanted, config.http.port);
      if (loaded === wanted.mark) writeFiles(home.nginx, wanted.files);
      else await replaceLoaded(home, config.http.port, loaded ?? '', wanted);
      return true;
    },

    stop: ({ graceMs = GRACE_MS } = {}) => stopNginx(home, graceMs),

    running() {
      const pid = masterOf(home);
      return pid === null ? null : { pid };
    },

    processes: () => processesOf(home),
  };
}

/**
 * Tests a configuration in a separate folder. The active files must stay valid, because nginx is restarted from them if
 * it dies.
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
    (await loadedMark(home, port, ANSWERS_WITHIN_MS).catch(() => null)) === wanted.mark &&
    !acceptingWorkers(home).some((pid) => old.includes(pid));
  await withConnectionsClosed(home, port, loaded, async () => {
    writeFiles(home.nginx, wanted.files);
    const master = masterOf(home);
    if (master !== null) signalProcess(master, 'SIGHUP');
    if (await waitUntil(hasReplaced, { everyMs: POLL_EVERY_MS, withinMs: APPLIED_WITHIN_MS })) return;
    writeFiles(home.nginx, before);
    const why = (await lastLines(errorLog(home), 5)).findLast((line) => line.includes('[emerg]'));
    const said = why === undefined ? '.' : `: ${complaint(why)}`;
    throw new KnownError('E_NGINX', `nginx did not accept its new configuration${said}`, CORRECT_TEMPLATES);
  });
}

async function answering(home: Home): Promise<void> {
  const question = { socketPath: statusSocket(home), path: '/', timeoutMs: 1000 };
  const serves = async (): Promise<boolean> =>
    masterOf(home) !== null && (await probe(question)).status === 204;
  if (await waitUntil(serves, { everyMs: POLL_EVERY_MS, withinMs: ANSWERS_WITHIN_MS })) return;
  throw new KnownError('E_NGINX', 'nginx was started but does not answer.');
}
