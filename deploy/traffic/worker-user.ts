/** Chooses the user that nginx workers run as and checks that it can read the traffic table. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { KnownError } from '../core/errors';
import { EMPTY_TABLE, sameTable, allTables, tableFiles, tableFolder } from '../core/traffic-table';
import type { SlotName } from '../core/slot';
import type { Home } from '../home/home';

export interface WorkerUser {
  name: string;
  group: string;
  uid: number;
  gid: number;
}

/** The user names that distributions use for web servers; `nobody` exists everywhere. */
const CANDIDATES = ['www-data', 'nginx', 'nobody'];

/** The workers' user if this process is root; otherwise null, because the workers then keep its user. */
export function findWorkerUser(): WorkerUser | null {
  if (process.getuid?.() !== 0) return null;
  const users = readFileSync('/etc/passwd', 'utf8');
  const groups = readFileSync('/etc/group', 'utf8');
  for (const name of CANDIDATES) {
    const user = pickWorkerUser(name, users, groups);
    if (user) return user;
  }
  return null;
}

/**
 * A user from /etc/passwd with the name of its group. Without a group name, nginx would look for a group with the
 * user's name.
 */
export function pickWorkerUser(name: string, passwd: string, groups: string): WorkerUser | null {
  const [, , uid, gid] =
    passwd
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.split(':') ?? [];
  const [group] =
    groups
      .split('\n')
      .find((line) => line.split(':')[2] === gid)
      ?.split(':') ?? [];
  if (!uid || !gid || !group) return null;
  return { name, group, uid: Number(uid), gid: Number(gid) };
}

/**
 * Checks that the workers can read the table. nginx would not complain: it treats an unreadable table as empty and
 * answers every request with 503. Throws E_UNREADABLE_TABLE, which names the first closed folder.
 */
export function checkTableIsReadable(home: Home, slots: SlotName[], user: WorkerUser | null): void {
  const table = allTables(slots).find((candidate) => !sameTable(candidate, EMPTY_TABLE));
  if (!table) return;
  const folder = path.join(home.tables, tableFolder(table));
  const file = path.join(folder, tableFiles(table)[0] ?? '');
  if (holds(user, '-f', file) && holds(user, '-d', `${home.traffic}/.`)) return;
  const closed = closedFolder(folder, user);
  const who = user ? `nginx's user ${user.name}` : 'nginx';
  throw new KnownError(
    'E_UNREADABLE_TABLE',
    closed ? `${who} may not enter ${closed}.` : `${who} cannot read the traffic table ${home.traffic}.`,
  );
}

/** True if the workers find this file of the table in force, by the path that nginx itself uses. */
export function workersFind({ traffic }: Pick<Home, 'traffic'>, file: string): boolean {
  return holds(findWorkerUser(), '-f', path.join(traffic, file));
}

/** The first folder on the path that the user may not enter; null if the path is open. */
export function closedFolder(folder: string, user: WorkerUser | null): string | null {
  return ancestorsOf(folder).find((ancestor) => !holds(user, '-x', ancestor)) ?? null;
}

/** Runs test(1) as that user: only the kernel knows the combined effect of modes, ACLs and mounts. */
function holds(user: WorkerUser | null, flag: string, file: string): boolean {
  const rights = user ? { uid: user.uid, gid: user.gid } : {};
  // that user can read the environment of its own processes
  const env = { PATH: process.env.PATH };
  return spawnSync('test', [flag, file], { ...rights, env, cwd: '/', stdio: 'ignore' }).status === 0;
}

/** `/a/b` -> `/`, `/a`, `/a/b` */
function ancestorsOf(folder: string): string[] {
  const parent = path.dirname(folder);
  return parent === folder ? [folder] : [...ancestorsOf(parent), folder];
}
