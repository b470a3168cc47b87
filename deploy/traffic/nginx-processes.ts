/**
 * The processes of one home's nginx, found by what they are and not by a remembered pid: pids are used again,
 * and a killed master leaves workers that no pid file names.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Home } from '../home/home';
import { openFiles } from '../os/open-files';
import { configFile } from './nginx-files';

/** What may stand behind the log's name: it was rotated, or removed. */
const NAMES = /^(\.\d+)?( \(deleted\))?$/;

/** Where each home's master was found last: whoever looks all day need not look through all processes. */
const lastSeen = new Map<string, number>();

/** The master that was started with this home's configuration, or null. A zombie is not one: it has no command line. */
export function masterOf(home: Home): number | null {
  const before = lastSeen.get(home.dir);
  if (before !== undefined && isMasterOf(home, before)) return before;
  const master = runningPids().find((pid) => isMasterOf(home, pid)) ?? null;
  if (master !== null) lastSeen.set(home.dir, master);
  return master;
}

/** Master and workers, also workers whose master was killed. */
export function processesOf(home: Home): number[] {
  return runningPids().filter((pid) => isMasterOf(home, pid) || isWorkerOf(home, pid));
}

/** Workers that take new connections: one that was asked to quit says so in its title. */
export function acceptingWorkers(home: Home): number[] {
  return runningPids().filter((pid) => isWorkerOf(home, pid) && !titleOf(pid).includes('shutting down'));
}

/** nginx writes its arguments into its title; runNginx puts the configuration last. */
function isMasterOf(home: Home, pid: number): boolean {
  const title = titleOf(pid);
  return title.startsWith('nginx: master process ') && title.endsWith(` -c ${configFile(home)}`);
}

/** A worker's title names nobody, but it holds this home's access log open. */
function isWorkerOf(home: Home, pid: number): boolean {
  if (!titleOf(pid).startsWith('nginx: worker process')) return false;
  return openFiles(pid).some(
    (file) => file.startsWith(home.accessLog) && NAMES.test(file.slice(home.accessLog.length)),
  );
}

function runningPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The command line with blanks between its parts; empty when the process has ended. */
function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
