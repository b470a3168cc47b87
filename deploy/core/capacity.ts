/** Whether a deployment fits: free space, needed space and the reserve that must stay free. Pure; all in bytes. */
import type { Plan } from './plan';
import type { SlotName } from './slot';

export interface Demand {
  free: number;
  needs: number;
  /** Must stay free. */
  keep: number;
}

/** Enough for a log line or a database page. */
const FULL_BELOW = 64 * 1024;

/** @param free bytes that users other than root can still write, such as nginx's workers */
export function isFull(free: number): boolean {
  return free < FULL_BELOW;
}

export function fits({ free, needs, keep }: Demand): boolean {
  return free - needs >= keep;
}

/** One sentence with every figure. @param what the resource: `The disk of /var/lib/switchyard/app` */
export function shortageSentence(what: string, needsIt: string, { free, needs, keep }: Demand): string {
  return `${what} has ${formatSize(free)} left: ${needsIt} needs about ${formatSize(needs)}, and ${formatSize(keep)} must stay free.`;
}

/**
 * The plan's peak memory minus the current use: the slots it starts, less the slots it has stopped by then.
 * @param used bytes that the process in each slot uses now
 * @param each bytes that a new process will use
 */
export function memoryOfPlan(plan: Plan, used: ReadonlyMap<SlotName, number>, each: number): number {
  const held = new Map(used);
  const sum = (): number => [...held.values()].reduce((total, bytes) => total + bytes, 0);
  const before = sum();
  let most = before;
  for (const { step } of plan) {
    if (step.do === 'stop') held.delete(step.slot);
    if (step.do === 'start') held.set(step.slot, each);
    most = Math.max(most, sum());
  }
  return most - before;
}

/** Parses a size from the configuration: `512k`, `25m`, `2g`. */
export function parseSize(text: string): number {
  const unit = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[text.slice(-1)] ?? 1;
  return parseInt(text, 10) * unit;
}

/** `312 MB`, rounded for reading. */
export function formatSize(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2).toLocaleString('en')} MB`;
}

/**
 * The memory that a control group can still use.
 * @param files the content of a file of the group, or null if there is none
 */
export function availableInGroup(version: 1 | 2, files: (name: string) => string | null): number {
  const names =
    version === 2
      ? { limit: 'memory.max', used: 'memory.current', cache: 'inactive_file' }
      : { limit: 'memory.limit_in_bytes', used: 'memory.usage_in_bytes', cache: 'total_inactive_file' };
  const limit = Number(files(names.limit) ?? 'max');
  if (!Number.isFinite(limit)) return Infinity;
  const used = Number(files(names.used) ?? 0);
  // the kernel counts this cache as used, but reclaims it before it denies memory
  const cache = new RegExp(`^${names.cache} (\\d+)$`, 'm').exec(files('memory.stat') ?? '')?.[1] ?? 0;
  return Math.max(0, limit - used + Number(cache));
}

/** A process's memory control group, from its /proc/<pid>/cgroup; null if it has none. */
export function memoryGroup(text: string): { version: 1 | 2; path: string } | null {
  const lines = text.split('\n').map((line) => line.split(':'));
  const old = lines.find(([, controllers]) => controllers?.split(',').includes('memory'));
  if (old) return { version: 1, path: old.slice(2).join(':') };
  const unified = lines.find(([id, controllers]) => id === '0' && controllers === '');
  return unified ? { version: 2, path: unified.slice(2).join(':') } : null;
}
