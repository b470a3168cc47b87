/**
 * Copies the app's SQLite files before a migration. SQLite makes the copy itself (VACUUM INTO), so it is consistent
 * although the live release keeps writing.
 */
import { execFile } from 'node:child_process';
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
import { promisify } from 'node:util';
import { KnownError } from '../../core/errors';
import { shellWord } from '../../core/shell-word';
import { failureLine } from '../../core/failure-line';
import type { Home } from '../../home/home';
import type { Owner } from '../../os/change-owner';
import { isFull } from '../../journal/sqlite';
import { DEPLOYMENT_MARKER, deploymentMark } from '../../os/marked-processes';

type Place = Pick<Home, 'dir' | 'shared' | 'logs'>;

const run = promisify(execFile);

const SIGNATURE = 'SQLite format 3\0';
const KEPT = 3;
/** A live release holds the write lock for milliseconds only. */
const BUSY_MS = 5000;
/** Mode of the folder that holds all copies: the data's user must reach the one being made. */
const ENTERABLE = 0o711;

/** Copies of SQLite files, and the schema of each file by name. */
export interface DataCopy {
  folder: string;
  schemas: Record<string, string>;
}

/**
 * Copies every SQLite file of the shared folder. Null if there is none. Throws E_DISK, E_DATA_COPY.
 * @param user the owner of the data, when root makes the copy for another user
 */
export async function copyData(
  home: Place,
  deploymentId: number,
  user: Owner | null,
): Promise<DataCopy | null> {
  const names = sqliteFiles(home.shared);
  if (names.length === 0) return null;
  const folder = copyFolder(home, deploymentId);
  // an incomplete copy of a killed deployment
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.dirname(folder), { recursive: true });
  chmodSync(path.dirname(folder), ENTERABLE);
  mkdirSync(folder, { mode: 0o700 });
  try {
    if (user) chownSync(folder, user.uid, user.gid);
    const { schemas, failed } = await withSqlite(home, deploymentId, { names, folder, user });
    if (user) chownSync(folder, 0, 0);
    if (failed) throw failure(failed);
    removeOldCopies(home);
    return { folder, schemas };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** True when the schema of a file differs from that of its copy. */
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
 * The commands that restore a copy. The current data is kept beside it, because it holds what users wrote since. The
 * `mkdir` comes before `npm stop`, and a second restore does not overwrite what the first put aside.
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

/**
 * Reads each file's schema, and copies the file if a folder is given. The app may place a journal beside its database
 * that names any file, and SQLite deletes that file when it rolls the journal back. So root opens none of these files:
 * a process with their owner's rights does.
 */
const PROGRAM = `
const { accessSync, constants, fsyncSync, openSync } = require('node:fs');
const path = require('node:path');
const { libsql, shared, names, folder, user, busyMs } = JSON.parse(process.argv[1]);
const Database = require(libsql);
process.umask(0o077);
if (user) {
  process.setgroups([]);
  process.setgid(user.gid);
  process.setuid(user.uid);
}
const said = { schemas: {}, failed: null };
for (const name of names) {
  const file = path.join(shared, name);
  try {
    accessSync(file, constants.R_OK);
  } catch {
    continue; // not its data
  }
  try {
    const database = new Database(file, { timeout: busyMs });
    said.schemas[name] = JSON.stringify([
      database.prepare('PRAGMA user_version').all(),
      database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all(),
    ]);
    if (folder) {
      database.prepare('VACUUM INTO ?').run(path.join(folder, name));
      fsyncSync(openSync(path.join(folder, name), 'r'));
    }
    database.close();
  } catch (error) {
    said.failed ??= { code: error.code, message: error.message };
  }
}
process.stdout.write(JSON.stringify(said));
`;

interface Said {
  schemas: Record<string, string>;
  failed: { code?: string; message: string } | null;
}

async function withSqlite(
  { shared, logs }: Place,
  deploymentId: number,
  work: { names: string[]; folder: string | null; user: Owner | null },
): Promise<Said> {
  const input = { ...work, shared, libsql: require.resolve('libsql'), busyMs: BUSY_MS };
  const env = { PATH: process.env.PATH, [DEPLOYMENT_MARKER]: deploymentMark(logs, deploymentId) };
  const argv = ['-e', PROGRAM, JSON.stringify(input)];
  try {
    const { stdout } = await run(process.execPath, argv, { env, cwd: '/', maxBuffer: Infinity });
    return JSON.parse(stdout) as Said;
  } catch (error) {
    const { code, signal, stderr = '' } = error as { code?: number; signal?: string; stderr?: string };
    const why = failureLine(stderr.split('\n'));
    throw failure({
      message: `SQLite's process ${signal ? `was killed by ${signal}` : `exited with code ${code}`}${why && `: ${why}`}`,
    });
  }
}

/** Regular files only: the target of a link is not the app's data. */
function sqliteFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isSqlite(path.join(folder, entry.name)))
    .map(({ name }) => name);
}

/** False for a link or FIFO that the app has put in the file's place, and for a file that is gone. */
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

function failure(error: { code?: string; message: string }): KnownError {
  const message = `The data could not be copied before the migration: ${error.message}`;
  return new KnownError(isFull(error) || error.code === 'ENOSPC' ? 'E_DISK' : 'E_DATA_COPY', message);
}
