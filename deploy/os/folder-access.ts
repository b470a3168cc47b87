/** Finds files that the owner of their folder cannot use, such as those left by a command that ran as root. */
import { accessSync, constants, existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import path from 'node:path';
import { KnownError } from '../core/errors';
import { shellWord } from '../core/shell-word';

/**
 * Throws E_HOME if this user owns the folder but cannot use something in it.
 * @param except names in the folder to skip
 */
export function mustBeUsable(folder: string, except: readonly string[] = []): void {
  const closed = closedFiles(folder, except);
  if (closed.length > 0) throw accessError(folder, closed);
}

/** The error for these files of the folder, with the command that fixes it. */
export function accessError(folder: string, files: readonly string[]): KnownError {
  const [first = folder] = files;
  const more = files.length > 1 ? `, nor ${files.length - 1} more of ${folder}` : '';
  return new KnownError('E_HOME', `This user may not use ${first}${more}.`, fixOf(folder, files));
}

function fixOf(folder: string, files: readonly string[]): string {
  const { uid, gid } = statSync(folder);
  const isOwn = (file: string): boolean => lstatSync(file).uid === uid;
  const [own, others] = [files.filter(isOwn), files.filter((file) => !isOwn(file))];
  const give = others.map((file) => shellWord(file));
  return [
    ...(give.length > 0 ? [`sudo chown -Rh ${uid}:${gid} ${give.join(' ')}`] : []),
    ...(own.length > 0 ? [`chmod u+rwX ${own.map((file) => shellWord(file)).join(' ')}`] : []),
  ].join(' && ');
}

/** Checks the folder and its direct subfolders. Empty if another user owns the folder. */
function closedFiles(folder: string, except: readonly string[]): string[] {
  const user = process.geteuid?.();
  if (!existsSync(folder) || statSync(folder).uid !== user) return [];
  return below(folder, except).flatMap(({ file, stat }) => {
    if (isClosed(file, stat, user)) return [file];
    if (!stat.isDirectory()) return [];
    return below(file).flatMap((inner) => (isClosed(inner.file, inner.stat, user) ? [inner.file] : []));
  });
}

function below(folder: string, except: readonly string[] = []): { file: string; stat: Stats }[] {
  return readdirSync(folder).flatMap((name) => {
    const file = path.join(folder, name);
    const stat = lstatSync(file, { throwIfNoEntry: false });
    return stat && !stat.isSymbolicLink() && !except.includes(name) ? [{ file, stat }] : [];
  });
}

/** A file that this user owns may be read-only on purpose. */
function isClosed(file: string, stat: Stats, user: number | undefined): boolean {
  const { R_OK, W_OK, X_OK } = constants;
  const wanted = R_OK | (stat.isDirectory() ? X_OK : 0) | (stat.uid === user ? 0 : W_OK);
  try {
    accessSync(file, wanted);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}
