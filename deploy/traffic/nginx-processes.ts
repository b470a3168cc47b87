/**
 * Finds one home's nginx processes by command line and open files. A pid file is unreliable: pids are reused, and a
 * killed master leaves workers behind.
 */
import { readFileSync } from 'node:fs';
import type { Home } from '../home/home';
import { allPids } from '../os/process-table';
import { openFiles } from '../os/open-files';
import { configFile } from './nginx-files';

/** The suffixes of the log's name in /proc after the log has been rotated or removed. */
const NAMES = /^(\.\d+)?( \(deleted\))?$/;

/** The last known master of each home, so that frequent callers need not scan all processes. */
const lastSeen = new Map<string, number>();

/**
 * The pid of the master that runs this home's configuration, or null. A zombie does not match,
 * because it has no command line.
 */
export function masterOf(home: Home): number | null {
  const before = lastSeen.get(home.dir);
  if (before !== undefined && isMasterOf(home, before)) return before;
  const master = allPids().find((pid) => isMasterOf(home, pid)) ?? null;
  if (master !== null) lastSeen.set(home.dir, master);
  return master;
}

/** The pids of the master and its workers, including workers whose master was killed. */
export function processesOf(home: Home): number[] {
  return allPids().filter((pid) => isMasterOf(home, pid) || isWorkerOf(home, pid));
}

/** Workers that accept new connections. A quitting worker is recognized by its title. */
export function acceptingWorkers(home: Home): number[] {
  return allPids().filter((pid) => isWorkerOf(home, pid) && !titleOf(pid).includes('shutting down'));
}

/** nginx's title shows its arguments, and runNginx's callers pass the configuration last. */
function isMasterOf(home: Home, pid: number): boolean {
  const title = titleOf(pid);
  return title.startsWith('nginx: master process ') && title.endsWith(` -c ${configFile(home)}`);
}

/** A worker's title does not name a home, but the worker has this home's access log open. */
function isWorkerOf(home: Home, pid: number): boolean {
  if (!titleOf(pid).startsWith('nginx: worker process')) return false;
  return openFiles(pid).some(
    (file) => file.startsWith(home.accessLog) && NAMES.test(file.slice(home.accessLog.length)),
  );
}

/** The command line, separated by spaces; empty if the process is gone. */
function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
