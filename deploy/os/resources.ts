/** What this machine has left: disk and memory, and what processes use of it. All in bytes, read in a millisecond. */
import { readFileSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { leftInGroup, memoryGroup } from '../core/capacity';

const CGROUPS = { 1: '/sys/fs/cgroup/memory', 2: '/sys/fs/cgroup' };

/** What this user may still write below a folder. */
export function freeOnDisk(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** How many files may still be made; null where the file system makes inodes as it needs them. */
export function freeInodes(folder: string): number | null {
  const { files, ffree } = statfsSync(folder);
  return files === 0 ? null : ffree;
}

/** True when both lie on one file system, whose room counts once. */
export function sameDisk(one: string, other: string): boolean {
  return statSync(one).dev === statSync(other).dev;
}

/** What can be had without swapping: of the machine, or of the groups that limit this process where that is less. */
export function availableMemory(): number {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(read('/proc/meminfo') ?? '')?.[1];
  const machine = kilobytes === undefined ? Infinity : Number(kilobytes) * 1024;
  return Math.min(machine, ...groupsLeft());
}

/** A process with all that it has started, as far as they are in memory; 0 for one that is gone. */
export function memoryOf(pid: number): number {
  const own = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  const children = (read(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
  return children.reduce((sum, child) => sum + memoryOf(child), Number(own ?? 0) * 1024);
}

/** Of this process's group and all above it: each of them may have a limit. */
function groupsLeft(): number[] {
  const group = memoryGroup(read('/proc/self/cgroup') ?? '');
  if (group === null) return [];
  const left: number[] = [];
  for (let place = group.path; ; place = path.dirname(place)) {
    left.push(leftInGroup(group.version, (name) => read(path.join(CGROUPS[group.version], place, name))));
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
