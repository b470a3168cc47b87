/** Checks that the next deployment's processes fit in memory beside the running ones. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSize } from '../core/capacity';
import type { StrategyName } from '../core/strategy-choice';
import { strategyFor } from '../core/strategy-choice';
import { withDescendants } from '../os/process-table';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { DoctorContext } from './context';
import { megabytes } from './size';

const CGROUPS = '/sys/fs/cgroup';

export async function checkMemory(context: DoctorContext): Promise<Judgement[]> {
  const running = (await context.running()).flatMap(({ pid }) => (pid === null ? [] : [pid]));
  const slots = running.map((pid) => residentBytesOf(withDescendants([pid])));
  const free = Math.min(availableBytes(read('/proc/meminfo')), ...limitsOf(await groupOf(context)));
  const { strategy, branch, room } = context.ports();
  const more = moreToCome(strategyFor(strategy, branch), context.slots().length - running.length);
  return judgeMemory({ free, slots, more, reserve: parseSize(room.memory) });
}

/** The number of processes that the next deployment adds. @param empty number of slots without a process */
export function moreToCome(strategy: StrategyName, empty: number): number {
  if (strategy === 'in-place') return 0;
  // without an empty slot, the deployment stops one process before it starts another
  return Math.max(0, strategy === 'rolling' ? empty : Math.min(1, empty));
}

/** A process in the control groups that the next PM2 slots will be in. A container has its own group. */
async function groupOf(context: DoctorContext): Promise<number> {
  return (await context.deployer())?.pid ?? process.pid;
}

function residentBytesOf(pids: number[]): number {
  return pids.reduce((sum, pid) => sum + residentBytes(read(`/proc/${pid}/status`)), 0);
}

export interface Memory {
  /** Available bytes under the tightest limit. */
  free: number;
  /** Resident bytes of each running slot. */
  slots: number[];
  /** The number of processes that the next deployment adds. */
  more: number;
  /** Bytes that a deployment must leave free. */
  reserve: number;
}

export function judgeMemory({ free, slots, more, reserve }: Memory): Judgement[] {
  const largest = Math.max(0, ...slots);
  const facts = `${megabytes(free)} available, a slot takes ${megabytes(largest)}`;
  if (free >= more * largest + reserve) return [ok(facts)];
  const message = `There are ${facts}, and ${megabytes(reserve)} must be left: the next deployment does not fit, with ${more} more. Free some memory, or give the machine more.`;
  return [fault(message, 'ps aux --sort=-rss | head')];
}

/** Resident bytes of a process; 0 after it has exited. @param status text of /proc/<pid>/status */
export function residentBytes(status: string): number {
  return kilobytesIn(status, 'VmRSS') * 1024;
}

/** @param meminfo text of /proc/meminfo */
export function availableBytes(meminfo: string): number {
  return kilobytesIn(meminfo, 'MemAvailable') * 1024;
}

function kilobytesIn(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
}

/** Bytes left in each limited control group of a process. Page cache that the kernel can drop counts as free. */
function limitsOf(pid: number): number[] {
  const group = /^0::(.*)$/m.exec(read(`/proc/${pid}/cgroup`))?.[1];
  const below = group === undefined ? [] : ancestors(group).map((each) => path.join(CGROUPS, each));
  const versionTwo = below.map((folder) => ({
    max: read(path.join(folder, 'memory.max')),
    current: read(path.join(folder, 'memory.current')),
    stat: read(path.join(folder, 'memory.stat')),
  }));
  const old = path.join(CGROUPS, 'memory');
  const versionOne = {
    max: read(path.join(old, 'memory.limit_in_bytes')),
    current: read(path.join(old, 'memory.usage_in_bytes')),
    stat: read(path.join(old, 'memory.stat')),
  };
  return [...versionTwo, versionOne].flatMap(({ max, current, stat }) => leftIn(max, current, stat));
}

/** Bytes left below a limit; empty without a limit. @param stat text of memory.stat */
export function leftIn(max: string, current: string, stat: string): number[] {
  if (!/^\d+\s*$/.test(max) || !/^\d+\s*$/.test(current)) return [];
  const dropped = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0);
  return [Math.max(0, Number(max) - Number(current) + dropped)];
}

/** `/a/b` -> `/`, `/a`, `/a/b` */
function ancestors(group: string): string[] {
  const parent = path.dirname(group);
  return parent === group ? [group] : [...ancestors(parent), group];
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
