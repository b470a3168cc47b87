/** Whether a deployment fits: what is free, what it needs, and what must be left of it. Pure; all in bytes. */
import type { Plan } from './plan';
import type { SlotName } from './slot';

export interface Look {
  free: number;
  needs: number;
  /** Must stay free. */
  keep: number;
}

/** A line of a log or a page of a database needs no more. */
const FULL_BELOW = 64 * 1024;

/** @param free what users other than root may still write: nginx's workers are not root */
export function isFull(free: number): boolean {
  return free < FULL_BELOW;
}

export function fits({ free, needs, keep }: Look): boolean {
  return free - needs >= keep;
}

/** One sentence with every figure. @param what whose room it is: `The disk of /var/lib/switchyard/app` */
export function tooLittle(what: string, needsIt: string, { free, needs, keep }: Look): string {
  return `${what} has ${size(free)} left: ${needsIt} needs about ${size(needs)}, and ${size(keep)} must stay free.`;
}

/**
 * What a plan takes more than now at its highest: each slot that it starts, less what it ends before.
 * @param used what the process in each slot takes now @param each what a new one will
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

/** A size of the configuration: `512k`, `25m`, `2g`. */
export function bytesOf(text: string): number {
  const unit = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[text.slice(-1)] ?? 1;
  return parseInt(text, 10) * unit;
}

/** `312 MB`: rounded, as people compare it. */
export function size(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2).toLocaleString('en')} MB`;
}

/** What a control group may still take. @param files the content of a file of the group, or null when there is none */
export function leftInGroup(version: 1 | 2, files: (name: string) => string | null): number {
  const names =
    version === 2
      ? { limit: 'memory.max', used: 'memory.current', cache: 'inactive_file' }
      : { limit: 'memory.limit_in_bytes', used: 'memory.usage_in_bytes', cache: 'total_inactive_file' };
  const limit = Number(files(names.limit) ?? 'max');
  if (!Number.isFinite(limit)) return Infinity;
  const used = Number(files(names.used) ?? 0);
  // of what counts as used, the kernel gives this back before it refuses anybody
  const cache = new RegExp(`^${names.cache} (\\d+)$`, 'm').exec(files('memory.stat') ?? '')?.[1] ?? 0;
  return Math.max(0, limit - used + Number(cache));
}

/** The memory group of a process, from its /proc/<pid>/cgroup; null when it has none. */
export function memoryGroup(text: string): { version: 1 | 2; path: string } | null {
  const lines = text.split('\n').map((line) => line.split(':'));
  const old = lines.find(([, controllers]) => controllers?.split(',').includes('memory'));
  if (old) return { version: 1, path: old.slice(2).join(':') };
  const unified = lines.find(([id, controllers]) => id === '0' && controllers === '');
  return unified ? { version: 2, path: unified.slice(2).join(':') } : null;
}
