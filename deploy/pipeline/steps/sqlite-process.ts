/** Reads and copies SQLite files in a separate process, which has the rights of their owner. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { KnownError } from '../../core/errors';
import { failureLine } from '../../core/failure-line';
import type { Home } from '../../home/home';
import { isFull } from '../../journal/sqlite';
import type { Owner } from '../../os/change-owner';
import { DEPLOYMENT_MARKER, deploymentMark } from '../../os/marked-processes';

const run = promisify(execFile);

/** A live release holds the write lock for milliseconds only. */
const BUSY_MS = 5000;

/**
 * Reads each file's schema, and copies the file if a folder is given. The app may place a journal beside its database
 * that names any file, and SQLite deletes that file when it rolls the journal back. So root opens none of these files;
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
const result = { schemas: {}, failed: null };
for (const name of names) {
  const file = path.join(shared, name);
  try {
    accessSync(file, constants.R_OK);
  } catch {
    continue; // not its data
  }
  try {
    const database = new Database(file, { timeout: busyMs });
    result.schemas[name] = JSON.stringify([
      database.prepare('PRAGMA user_version').all(),
      database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all(),
    ]);
    if (folder) {
      database.prepare('VACUUM INTO ?').run(path.join(folder, name));
      fsyncSync(openSync(path.join(folder, name), 'r'));
    }
    database.close();
  } catch (error) {
    result.failed ??= { code: error.code, message: error.message };
  }
}
process.stdout.write(JSON.stringify(result));
`;

interface SqliteResult {
  schemas: Record<string, string>;
  failed: { code?: string; message: string } | null;
}

/**
 * @param work.folder for the copies; null to read the schemas only
 * @param work.user the owner of the data, if root runs this for another user
 */
export async function withSqlite(
  { shared, logs }: Pick<Home, 'shared' | 'logs'>,
  deploymentId: number,
  work: { names: string[]; folder: string | null; user: Owner | null },
): Promise<SqliteResult> {
  const input = { ...work, shared, libsql: require.resolve('libsql'), busyMs: BUSY_MS };
  const env = { PATH: process.env.PATH, [DEPLOYMENT_MARKER]: deploymentMark(logs, deploymentId) };
  const argv = ['-e', PROGRAM, JSON.stringify(input)];
  try {
    const { stdout } = await run(process.execPath, argv, { env, cwd: '/', maxBuffer: Infinity });
    return JSON.parse(stdout) as SqliteResult;
  } catch (error) {
    const { code, signal, stderr = '' } = error as { code?: number; signal?: string; stderr?: string };
    const why = failureLine(stderr.split('\n'));
    throw copyFailure({
      message: `SQLite's process ${signal ? `was killed by ${signal}` : `exited with code ${code}`}${why && `: ${why}`}`,
    });
  }
}

/** E_DISK if the disk is full, otherwise E_DATA_COPY. */
export function copyFailure(error: { code?: string; message: string }): KnownError {
  const message = `The data could not be copied before the migration: ${error.message}`;
  return new KnownError(isFull(error) || error.code === 'ENOSPC' ? 'E_DISK' : 'E_DATA_COPY', message);
}
