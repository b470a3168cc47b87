/**
 * Ends what a deployment's commands left running. A test or a build may start processes that outlive it, or
 * leave its process group; every one of them inherits a variable that names the deployment, and is found
 * by it. Only commands get the variable: a process manager that a deployment starts must never carry it.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, withDescendants } from './process-table';

/** The environment variable that every command of a deployment carries. */
export const DEPLOYMENT_MARKER = 'SWITCHYARD_MARK';
const PREFIX = `${DEPLOYMENT_MARKER}=`;

/** A killed process is gone within milliseconds; one that waits for a dead disk is not, and nothing ends it. */
const GIVE_UP_AFTER_MS = 5000;
const LOOK_EVERY_MS = 10;

/** The marker's value: two homes on one machine both have a deployment 7. */
export function deploymentMark(logs: string, deploymentId: number): string {
  return `${deploymentId}@${logs}`;
}

/**
 * SIGKILLs every process that a deployment's commands started, except this one, and returns when they are
 * gone. Returns how many there were. @param deploymentId of one deployment; without it those of all
 */
export async function killMarkedProcesses(home: { logs: string }, deploymentId?: number): Promise<number> {
  if (deploymentId === undefined) return endFound(() => markedProcesses(home));
  return killMarked(deploymentMark(home.logs, deploymentId));
}

/** The same by the marker's value. */
export async function killMarked(mark: string): Promise<number> {
  return endFound(() => marked((value) => value === mark));
}

async function endFound(find: () => number[]): Promise<number> {
  const ended = new Set<number>();
  const deadline = performance.now() + GIVE_UP_AFTER_MS;
  // looked for again and again: one may have forked between the look and the kill
  for (let left = find(); left.length > 0; left = find()) {
    for (const pid of left) if (kill(pid)) ended.add(pid);
    if (performance.now() > deadline) break;
    await sleep(LOOK_EVERY_MS);
  }
  return ended.size;
}

/** What the commands of any deployment of this home have left running. */
export function markedProcesses(home: { logs: string }): number[] {
  return marked((value) => value.endsWith(`@${home.logs}`));
}

/** Processes with the mark, and their descendants: one of these may have cleared its environment. */
function marked(isWanted: (mark: string) => boolean): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const found = all.filter((pid) => marksOf(pid).some(isWanted));
  // looked at after every command, and mostly nobody carries it: who has started whom is asked only then
  if (found.length === 0) return [];
  return withDescendants(found).filter((pid) => pid !== process.pid && isRunning(pid));
}

/** The values of the mark in its environment. None for another user's process, which is never one of ours, and for a dead one. */
function marksOf(pid: number): string[] {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    if (!environment.includes(PREFIX)) return [];
    const variables = environment.split('\0').filter((variable) => variable.startsWith(PREFIX));
    return variables.map((variable) => variable.slice(PREFIX.length));
  } catch {
    return [];
  }
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}
