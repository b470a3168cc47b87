/** Finds the release folders that processes work in: the app, its children, or an operator's shell. */
import { readlinkSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../home/home';
import { allPids } from '../os/process-table';

/** Their names in `releases`. */
export function foldersInUse({ releases }: Pick<Home, 'releases'>): Set<string> {
  const names = allPids().map((pid) => path.relative(releases, workingFolder(pid)).split('/')[0] ?? '');
  return new Set(names.filter((name) => name !== '' && name !== '..'));
}

function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '/'; // the process has exited, or belongs to another user
  }
}
