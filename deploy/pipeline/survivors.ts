/**
 * Ends what a deployment's commands left running. A test or a build may start processes that outlive it, or
 * leave its process group; every one of them inherits a variable that names the deployment, and is found
 * by it. Only commands get the variable: a process manager that a deployment starts must never carry it.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from '../home';

/** The environment variable that every command of a deployment carries. */
export const DEPLOYMENT_MARKER = 'SWITCHYARD_MARK';

/** A killed process is gone within milliseconds; one that waits for a dead disk is not, and nothing ends it. */
const GIVE_UP_AFTER_MS = 5000;
const LOOK_EVERY_MS = 10;

/** The marker's value: two homes on one machine both have a deployment 7. */
export function deploymentMark(logs: string, deploymentId: number): string {
  return `${deploymentId}@${logs}`;
}

/**
 * SIGKILLs every process that a deployment's commands started, except this one, and returns when they are
 * gone. Returns how many there were.
 */
export async function endSurvivors(home: Pick<Home, 'logs'>, deploymentId: number): Promise<number> {
  return endMarked(deploymentMark(home.logs, deploymentId));
}

/** The same by the marker's value. */
export async function endMarked(mark: string): Promise<number> {
  const ended = new Set<number>();
  const deadline = performance.now() + GIVE_UP_AFTER_MS;
  // looked for again and again: one may have forked between the look and the kill
  const find = (): number[] => marked((value) => value === mark);
  for (let left = find(); left.length > 0; left = find()) {
    for (const pid of left) if (kill(pid)) ended.add(pid);
    if (performance.now() > deadline) break;
    await sleep(LOOK_EVERY_MS);
  }
  return ended.size;
}

/** What the commands of any deployment of this home have left running. */
export function markedProcesses(home: Pick<Home, 'logs'>): number[] {
  return marked((value) => value.endsWith(`@${home.logs}`));
}

interface Process {
  pid: number;
  parent: number;
  marked: boolean;
}

/** Processes with the mark, and their descendants: one of these may have cleared its environment. */
function marked(isWanted: (mark: string) => boolean): number[] {
  const prefix = `${DEPLOYMENT_MARKER}=`;
  const wanted = (variable: string): boolean =>
    variable.startsWith(prefix) && isWanted(variable.slice(prefix.length));
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? look(Number(name), wanted) : []));
  const found = new Set(all.filter((process) => process.marked).map(({ pid }) => pid));
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  found.delete(process.pid);
  return [...found];
}

function look(pid: number, wanted: (variable: string) => boolean): Process[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the name in parentheses may hold anything, so the fields are counted behind it
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return [];
    return [{ pid, parent: Number(parent), marked: environmentOf(pid).some(wanted) }];
  } catch {
    return []; // it ended while we looked
  }
}

/** Empty for another user's process: that is never one of ours. */
function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
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
