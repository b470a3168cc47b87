/**
 * A copy of the app's SQLite files from before a migration. SQLite makes it itself (VACUUM INTO), so it is consistent
 * although the live release writes meanwhile.
 */
import Database from 'libsql';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { KnownError } from '../core/errors';
import { word } from '../core/shell-word';
import type { Home } from '../home';
import { isFull } from '../sqlite';

type Place = Pick<Home, 'dir' | 'shared'>;

const SIGNATURE = 'SQLite format 3\0';
const KEPT = 3;
/** A live release's writer holds the lock for milliseconds. */
const BUSY_MS = 5000;

/** Copies every SQLite file of the shared folder. Returns the folder of the copies, or null. Throws E_DISK, E_DATA_COPY. */
export function copyData(home: Place, deploymentId: number): string | null {
  const names = sqliteFiles(home.shared);
  if (names.length === 0) return null;
  const folder = copyFolder(home, deploymentId);
  // one that a killed deployment has begun is no copy
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    for (const name of names) copyFile(path.join(home.shared, name), path.join(folder, name));
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw failure(error);
  }
  removeOldCopies(home);
  return folder;
}

/** True when a file has another schema than its copy. */
export function hasMoved({ shared }: Place, folder: string): boolean {
  return readdirSync(folder).some(
    (name) => schemaOf(path.join(shared, name)) !== schemaOf(path.join(folder, name)),
  );
}

/** What a copy takes on the disk, in bytes. */
export function sizeOfData(home: Place): number {
  return sqliteFiles(home.shared)
    .flatMap((name) => [name, `${name}-wal`])
    .map((name) => statSync(path.join(home.shared, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * The commands that bring a copy back. What is there now is kept beside it: it holds what users wrote since. Nothing is
 * stopped before that is possible, and a second restore does not replace what the first has put aside.
 */
export function howToRestore({ shared }: Place, folder: string): string {
  const aside = unusedName(path.join(shared, `before-restore-${path.basename(folder)}`));
  const names = readdirSync(folder);
  // by their whole names: `app.db*` is also `app.db2`
  const files = names.flatMap((name) => [name, `${name}-wal`, `${name}-shm`]);
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

function copyFolder({ dir }: Place, deploymentId: number): string {
  return path.join(dir, 'data-copies', String(deploymentId));
}

function copyFile(from: string, to: string): void {
  const { uid, gid } = statSync(from);
  reading(from, (database) => database.prepare('VACUUM INTO ?').run(to));
  chmodSync(to, 0o600);
  if (process.getuid?.() === 0) lchownSync(to, uid, gid);
  const fd = openSync(to, 'r');
  fsyncSync(fd);
  closeSync(fd);
}

/** Empty for a file that is gone, or no database any more. */
function schemaOf(file: string): string {
  try {
    return reading(file, (database) =>
      JSON.stringify([
        database.prepare('PRAGMA user_version').all(),
        database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all(),
      ]),
    );
  } catch {
    return '';
  }
}

function reading<T>(file: string, work: (database: Database.Database) => T): T {
  const { uid, gid } = statSync(file);
  const database = new Database(file, { timeout: BUSY_MS });
  try {
    return work(database);
  } finally {
    database.close();
    // what SQLite has made beside it belongs to whom the app runs as
    if (process.getuid?.() === 0) for (const end of ['-wal', '-shm']) giveTo(`${file}${end}`, uid, gid);
  }
}

function giveTo(file: string, uid: number, gid: number): void {
  if (existsSync(file)) lchownSync(file, uid, gid);
}

/** Files, and no links: what a link leads to is not the app's data. */
function sqliteFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isSqlite(path.join(folder, entry.name)))
    .map(({ name }) => name);
}

function isSqlite(file: string): boolean {
  const fd = openSync(file, 'r');
  try {
    const start = Buffer.alloc(SIGNATURE.length);
    return readSync(fd, start, 0, start.length, 0) === start.length && start.toString('latin1') === SIGNATURE;
  } finally {
    closeSync(fd);
  }
}

function removeOldCopies({ dir }: Place): void {
  const folder = path.join(dir, 'data-copies');
  const oldest = readdirSync(folder).sort((a, b) => Number(b) - Number(a));
  for (const name of oldest.slice(KEPT)) rmSync(path.join(folder, name), { recursive: true, force: true });
}

function failure(error: unknown): KnownError {
  const said = error instanceof Error ? error.message : String(error);
  const code = (error as NodeJS.ErrnoException).code;
  const message = `The data could not be copied before the migration: ${said}`;
  return new KnownError(isFull(error) || code === 'ENOSPC' ? 'E_DISK' : 'E_DATA_COPY', message);
}
