/**
 * Kills the processes that a deployment's commands left running. A process of a test or build may outlive it or leave
 * its process group, but it inherits an environment variable that identifies the deployment. Only commands get the
 * variable: a process manager that a deployment starts must never have it.
 */
import { readFileSync } from 'node:fs';
import { allPids, isRunning, withDescendants } from './process-table';
import { waitUntil } from './wait-until';

/** The environment variable of every command of a deployment. */
export const DEPLOYMENT_MARKER = 'SWITCHYARD_MARK';
const PREFIX = `${DEPLOYMENT_MARKER}=`;

/** A killed process is gone within milliseconds, unless it waits for a dead disk, a wait that nothing can interrupt. */
const GIVE_UP_AFTER_MS = 5000;
const POLL_EVERY_MS = 10;

/** The marker's value. Includes the home, because two homes on one machine may both have a deployment 7. */
export function deploymentMark(logs: string, deploymentId: number): string {
  return `${deploymentId}@${logs}`;
}

/**
 * Sends SIGKILL to every process that a deployment's commands started, except this one, and waits until they are gone.
 * Returns their number.
 * @param deploymentId one deployment; all deployments if left out
 */
export async function killMarkedProcesses(home: { logs: string }, deploymentId?: number): Promise<number> {
  if (deploymentId === undefined) return killFound(() => markedProcesses(home));
  return killMarked(deploymentMark(home.logs, deploymentId));
}

/** Like killMarkedProcesses, by the marker's value. */
export async function killMarked(mark: string): Promise<number> {
  return killFound(() => marked((value) => value === mark));
}

async function killFound(find: () => number[]): Promise<number> {
  const killed = new Set<number>();
  // search repeatedly, because a process may fork between the search and the kill
  const areGone = (): boolean => {
    const left = find();
    for (const pid of left) if (kill(pid)) killed.add(pid);
    return left.length === 0;
  };
  await waitUntil(areGone, { everyMs: POLL_EVERY_MS, withinMs: GIVE_UP_AFTER_MS });
  return killed.size;
}

/** The processes that commands of any deployment of this home left running. */
export function markedProcesses(home: { logs: string }): number[] {
  return marked((value) => value.endsWith(`@${home.logs}`));
}

/** Processes with the mark and all their descendants, because a descendant may have cleared its environment. */
function marked(isWanted: (mark: string) => boolean): number[] {
  const found = allPids().filter((pid) => marksOf(pid).some(isWanted));
  // usually none is left, so descendants are only looked up when necessary
  if (found.length === 0) return [];
  return withDescendants(found).filter((pid) => pid !== process.pid && isRunning(pid));
}

/**
 * The mark's values in the process's environment. Empty for a dead process and for another user's, which is never
 * Switchyard's own.
 */
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
