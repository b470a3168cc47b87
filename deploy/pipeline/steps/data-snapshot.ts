/**
 * A copy of the app's SQLite files from before a migration. SQLite makes it itself (VACUUM INTO), so it is consistent
 * although the live release writes meanwhile.
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
import { word } from '../../core/shell-word';
import { failureLine } from '../../core/failure-line';
import type { Home } from '../../home/home';
import type { Owner } from '../../os/change-owner';
import { isFull } from '../../journal/sqlite';
import { DEPLOYMENT_MARKER, deploymentMark } from '../../os/marked-processes';

type Place = Pick<Home, 'dir' | 'shared' | 'logs'>;

const run = promisify(execFile);

const SIGNATURE = 'SQLite format 3\0';
const KEPT = 3;
/** A live release's writer holds the lock for milliseconds. */
const BUSY_MS = 5000;
/** The folder of all copies: the user of the data must come to the one being made. */
const ENTERABLE = 0o711;

/** Copies of SQLite files, and the schemas that these had by their names. */
export interface DataCopy {
  folder: string;
  schemas: Record<string, string>;
}

/**
 * Copies every SQLite file of the shared folder. Null where there is none. Throws E_DISK, E_DATA_COPY.
 * @param user whose data it is, where root does this for another user
 */
export async function copyData(
  home: Place,
  deploymentId: number,
  user: Owner | null,
): Promise<DataCopy | null> {
  const names = sqliteFiles(home.shared);
  if (names.length === 0) return null;
  const folder = copyFolder(home, deploymentId);
  // one that a killed deployment has begun is no copy
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

/** True when a file has another schema than its copy. */
export async function hasMoved(
  home: Place,
  deploymentId: number,
  { schemas }: DataCopy,
  user: Owner | null,
): Promise<boolean> {
  const names = Object.keys(schemas);
  const now = await withSqlite(home, deploymentId, { names, folder: null, user });
  return names.some((name) => now.schemas[name] !== schemas[name]);
}

/** What a copy takes on the disk, in bytes. */
export function sizeOfData(home: Pick<Place, 'shared'>): number {
  return sqliteFiles(home.shared)
    .flatMap((name) => [name, `${name}-wal`])
    .map((name) => statSync(path.join(home.shared, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * The commands that bring a copy back. What is there now is kept beside it: it holds what users wrote since. Nothing is
 * stopped before that is possible, and a second restore does not replace what the first has put aside.
 */
export function howToRestore({ shared }: Pick<Place, 'shared'>, folder: string): string {
  const aside = unusedName(path.join(shared, `before-restore-${path.basename(folder)}`));
  const names = readdirSync(folder);
  // by their whole names: `app.db*` is also `app.db2`
  const files = names.flatMap((name) => [name, `${name}-wal`, `${name}-shm`, `${name}-journal`]);
  const wanted = files.map((name) => `-name ${word(name)}`).join(' -o ');
  const move = `find ${word(shared)} -maxdepth 1 \\( ${wanted} \\) -exec mv -t ${word(aside)} {} +`;
  const copies = names.map((name) => word(path.join(folder, name))).join(' ');
  return [`mkdir ${word(aside)}`, 'npm stop', move, `cp -p ${copies} ${word(shared)}/`, 'npm start'].join(
    ' && ',
  );
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
 * Each file's schema, and its copy where a folder is given. The app may put a journal beside its database that names any
 * file, and SQLite removes that file as it rolls the journal back. So root opens none of these: a process with the rights
 * of their user does.
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
    throw failure({ message: `SQLite's process ended with ${signal ?? code}${why && `: ${why}`}` });
  }
}

/** Files, and no links: what a link leads to is not the app's data. */
function sqliteFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isSqlite(path.join(folder, entry.name)))
    .map(({ name }) => name);
}

/** False for a link or a FIFO that the app has put in its place, and for what has gone. */
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
