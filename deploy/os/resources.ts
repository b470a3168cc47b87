/** Measures free disk and memory, and the memory that processes use. All in bytes, within a millisecond. */
import { readFileSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { availableInGroup, memoryGroup } from '../core/capacity';

const CGROUPS = { 1: '/sys/fs/cgroup/memory', 2: '/sys/fs/cgroup' };

/** The space that this user can still write below a folder. */
export function freeOnDisk(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** How many files can still be created; null if the file system allocates inodes on demand. */
export function freeInodes(folder: string): number | null {
  const { files, ffree } = statfsSync(folder);
  return files === 0 ? null : ffree;
}

/** True if both are on one file system, whose free space must count only once. */
export function sameDisk(one: string, other: string): boolean {
  return statSync(one).dev === statSync(other).dev;
}

/** Memory available without swapping: the machine's, or less if a control group limits this process. */
export function availableMemory(): number {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(read('/proc/meminfo') ?? '')?.[1];
  const machine = kilobytes === undefined ? Infinity : Number(kilobytes) * 1024;
  return Math.min(machine, ...groupsLeft());
}

/**
 * The number of processes that the kernel has killed for lack of memory since boot, at the machine's or a group's
 * limit.
 */
export function outOfMemoryKills(): number {
  return Number(/^oom_kill (\d+)$/m.exec(read('/proc/vmstat') ?? '')?.[1] ?? 0);
}

/** Resident memory of a process and all its descendants; 0 when it is gone. */
export function memoryOf(pid: number): number {
  const own = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  const children = (read(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
  return children.reduce((sum, child) => sum + memoryOf(child), Number(own ?? 0) * 1024);
}

/** Includes all parent groups, because each may have a limit. */
function groupsLeft(): number[] {
  const group = memoryGroup(read('/proc/self/cgroup') ?? '');
  if (group === null) return [];
  const left: number[] = [];
  for (let place = group.path; ; place = path.dirname(place)) {
    left.push(
      availableInGroup(group.version, (name) => read(path.join(CGROUPS[group.version], place, name))),
    );
    if (place === path.dirname(place)) return left;
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
