/**
 * Launches and stops PM2's daemon. PM2's own API would launch it with the caller's whole environment, and so pass that
 * environment to every app and to PM2's dump.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { KnownError } from '../../core/errors';
import type { Home } from '../../home/home';
import { writeAtomically } from '../../os/atomic-write';
import { takeLock } from '../../journal/deployment-lock';
import { stopProcesses, processesWith } from '../../os/process-table';
import type { OsProcess } from '../../os/process-table';
import { loggingFile, pm2Environment } from './definitions';
import { loggingProgram } from './logging';
import { PRELOAD, preloadFile } from './preload';
import { Pm2Down, callPm2 } from './rpc';

const ONLINE_WITHIN_MS = 20_000;
const PING_WITHIN_MS = 5_000;

/** Starts the daemon if it is not running, with an environment of allow-listed variables only. Throws E_RUNTIME. */
export async function ensurePm2(home: Home): Promise<void> {
  makeFolders(home);
  if (await isPm2Up(home)) return;
  // if two daemons started at the same time, one would lose its socket and run forever
  const lock = await takeLock({ lock: path.join(home.pm2, 'launch.lock') });
  try {
    if (!(await isPm2Up(home))) await launch(home);
  } finally {
    lock.release();
  }
}

/**
 * Kills this home's daemon and removes its sockets and pid file, even if it hangs or is already dead. Its apps keep
 * running.
 */
export async function killPm2Daemon(home: Home): Promise<void> {
  await stopProcesses(pm2Daemons(home), 0);
  for (const name of ['rpc.sock', 'pub.sock', 'pm2.pid']) {
    try {
      rmSync(path.join(home.pm2, name), { force: true });
    } catch {
      // they stay on a read-only disk, where they do no harm
    }
  }
}

/** The daemon's processes, found in /proc. */
export function pm2Daemons(home: Pick<Home, 'pm2'>): OsProcess[] {
  // its title is "PM2 v7.0.4: God Daemon (...)"; before it sets that, the command line has the path of PM2's Daemon.js
  return processesWith('PM2_HOME', home.pm2).filter(({ argv }) =>
    /God Daemon|\/Daemon\.js/.test(argv.join(' ')),
  );
}

/** Whether a daemon responds. Throws E_RUNTIME if one listens but does not respond. */
export async function isPm2Up(home: Home): Promise<boolean> {
  try {
    await callPm2(home, 'ping', {}, PING_WITHIN_MS);
    return true;
  } catch (error) {
    if (error instanceof Pm2Down) return false;
    throw error;
  }
}

/**
 * Kills a daemon that listens but does not respond, and returns whether it had to. Its apps keep running as orphans
 * until the deployer replaces them.
 */
export async function killHungPm2(home: Home): Promise<boolean> {
  try {
    await isPm2Up(home);
    return false;
  } catch {
    await killPm2Daemon(home);
    return true;
  }
}

function makeFolders(home: Home): void {
  mkdirSync(path.join(home.pm2, 'pids'), { recursive: true, mode: 0o700 });
  mkdirSync(home.logs, { recursive: true });
  writeUnlessSame(preloadFile(home), PRELOAD);
  writeUnlessSame(
    loggingFile(home),
    loggingProgram(require.resolve('pm2/lib/Utility.js'), require.resolve('pm2/lib/God.js')),
  );
  writeUnlessThere(path.join(home.pm2, 'module_conf.json'), '{}');
  // because of this file, PM2's command line prints no banner and does not report the installation to pm2.io
  writeUnlessThere(path.join(home.pm2, 'touch'), '');
}

function writeUnlessSame(file: string, text: string): void {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeAtomically(file, text);
}

function writeUnlessThere(file: string, text: string): void {
  if (!existsSync(file)) writeAtomically(file, text);
}

async function launch(home: Home): Promise<void> {
  const log = openSync(path.join(home.pm2, 'pm2.log'), 'a');
  const daemon = spawn(
    process.execPath,
    ['--require', loggingFile(home), require.resolve('pm2/lib/Daemon.js')],
    {
      // the caller's own folder may be removed later
      cwd: home.pm2,
      env: pm2Environment(home, process.env),
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    },
  );
  closeSync(log);
  await online(daemon, home);
  daemon.disconnect();
  daemon.unref();
}

/** Waits for the daemon's single message: both its sockets are open. */
function online(daemon: ChildProcess, home: Home): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => {
      clearTimeout(timer);
      daemon.kill('SIGKILL');
      reject(new KnownError('E_RUNTIME', `PM2's daemon ${what}${lastLine(path.join(home.pm2, 'pm2.log'))}`));
    };
    const timer = setTimeout(
      () => fail(`was not ready within ${ONLINE_WITHIN_MS / 1000} s`),
      ONLINE_WITHIN_MS,
    );
    daemon.once('error', (error) => fail(`could not be launched: ${error.message}`));
    daemon.once('exit', (code, signal) => fail(`exited immediately (${signal ?? code})`));
    daemon.once('message', () => {
      clearTimeout(timer);
      daemon.removeAllListeners();
      resolve();
    });
  });
}

function lastLine(file: string): string {
  const line = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').pop() : '';
  return line ? `: ${line}` : '..';
}
