/** Lists the files that a process has open, by their current names even after a rename. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { allPids } from './process-table';

interface OpenDescriptor {
  fd: string;
  file: string;
}

/** By descriptor. Empty for another user's process and after the process has exited. */
export function openDescriptors(pid: number): OpenDescriptor[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((fd) => openDescriptor(folder, fd));
  } catch {
    return [];
  }
}

/** Empty for a descriptor that was closed after the folder was read; the others still count. */
function openDescriptor(folder: string, fd: string): OpenDescriptor[] {
  try {
    return [{ fd, file: readlinkSync(`${folder}/${fd}`) }];
  } catch {
    return [];
  }
}

export function openFiles(pid: number): string[] {
  return openDescriptors(pid).map(({ file }) => file);
}

/** Every file that any process of this user has open. */
export function allOpenFiles(): Set<string> {
  return new Set(allPids().flatMap(openFiles));
}

/** How many files the process may have open at the same time; null if it has exited. */
export function openFilesLimit(pid: number): number | null {
  try {
    const soft = /^Max open files\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1];
    return soft === 'unlimited' ? Infinity : Number(soft);
  } catch {
    return null;
  }
}
