/**
 * Copies the app's SQLite files before a migration. SQLite itself makes the copy (VACUUM INTO), so it is consistent
 * although the live release keeps writing.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { shellWord } from '../../core/shell-word';
import type { Home } from '../../home/home';
import { ENTERABLE } from '../../home/modes';
import type { Owner } from '../../os/change-owner';
import { copyFailure, withSqlite } from './sqlite-process';

type Place = Pick<Home, 'dir' | 'shared' | 'logs'>;

const SIGNATURE = 'SQLite format 3\0';
const KEPT = 3;

/** Copies of SQLite files, and the schema of each file by name. */
export interface DataCopy {
  folder: string;
  schemas: Record<string, string>;
}

/**
 * Copies every SQLite file of the shared folder. Null if there is none. Throws E_DISK, E_DATA_COPY.
 * @param user the owner of the data, if root makes the copy for another user
 */
export async function copyData(
  home: Place,
  deploymentId: number,
  user: Owner | null,
): Promise<DataCopy | null> {
  const names = sqliteFiles(home.shared);
  if (names.length === 0) return null;
  const folder = copyFolder(home, deploymentId);
  // an incomplete copy left by a killed deployment
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.dirname(folder), { recursive: true });
  chmodSync(path.dirname(folder), ENTERABLE);
  mkdirSync(folder, { mode: 0o700 });
  try {
    if (user) chownSync(folder, user.uid, user.gid);
    const { schemas, failed } = await withSqlite(home, deploymentId, { names, folder, user });
    if (user) chownSync(folder, 0, 0);
    if (failed) throw copyFailure(failed);
    removeOldCopies(home);
    return { folder, schemas };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** True if the schema of a file differs from that of its copy. */
export async function hasSchemaChanged(
  home: Place,
  deploymentId: number,
  { schemas }: DataCopy,
  user: Owner | null,
): Promise<boolean> {
  const names = Object.keys(schemas);
  const now = await withSqlite(home, deploymentId, { names, folder: null, user });
  return names.some((name) => now.schemas[name] !== schemas[name]);
}

/** The disk space a copy takes, in bytes. */
export function sizeOfData(home: Pick<Place, 'shared'>): number {
  return sqliteFiles(home.shared)
    .flatMap((name) => [name, `${name}-wal`])
    .map((name) => statSync(path.join(home.shared, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * The commands that restore a copy. They move the current data aside, because it contains what users have written
 * since. The `mkdir` comes first, so that a second restore fails before `npm stop` and does not overwrite the data that
 * the first one moved aside.
 */
export function howToRestore({ shared }: Pick<Place, 'shared'>, folder: string): string {
  const aside = unusedName(path.join(shared, `before-restore-${path.basename(folder)}`));
  const names = readdirSync(folder);
  // by full name: `app.db*` would also match `app.db2`
  const files = names.flatMap((name) => [name, `${name}-wal`, `${name}-shm`, `${name}-journal`]);
  const wanted = files.map((name) => `-name ${shellWord(name)}`).join(' -o ');
  const move = `find ${shellWord(shared)} -maxdepth 1 \\( ${wanted} \\) -exec mv -t ${shellWord(aside)} {} +`;
  const copies = names.map((name) => shellWord(path.join(folder, name))).join(' ');
  return [
    `mkdir ${shellWord(aside)}`,
    'npm stop',
    move,
    `cp -p ${copies} ${shellWord(shared)}/`,
    'npm start',
  ].join(' && ');
}

function unusedName(wanted: string): string {
  let name = wanted;
  for (let count = 2; existsSync(name); count += 1) name = `${wanted}-${count}`;
  return name;
}

function copyFolder({ dir }: Pick<Place, 'dir'>, deploymentId: number): string {
  return path.join(dir, 'data-copies', String(deploymentId));
}

/** Regular files only: the target of a link is not the app's data. */
function sqliteFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isSqlite(path.join(folder, entry.name)))
    .map(({ name }) => name);
}

/** False for a link or FIFO that the app has put in place of the file, and for a file that is gone. */
function isSqlite(file: string): boolean {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const start = Buffer.alloc(SIGNATURE.length);
    return readSync(fd, start, 0, start.length, 0) === start.length && start.toString('latin1') === SIGNATURE;
  } catch {
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function removeOldCopies({ dir }: Pick<Place, 'dir'>): void {
  const folder = path.join(dir, 'data-copies');
  const oldest = readdirSync(folder).sort((a, b) => Number(b) - Number(a));
  for (const name of oldest.slice(KEPT)) rmSync(path.join(folder, name), { recursive: true, force: true });
}
