/** Checks whether an existing journal can be used, before anything opens it. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import type { KnownError } from '../core/errors';
import { ERRORS, asKnown } from '../core/errors';
import type { Home } from '../home/home';
import { openDescriptors } from '../os/open-files';
import { processesWith } from '../os/process-table';
import { journalAccessError } from './database';
import { Journal } from './journal';

export type Condition =
  | { is: 'whole' }
  /** Intact, but not accessible to this user, or written by a newer kit. */
  | { is: 'refused'; error: KnownError }
  /** Damaged; `npm start` can rebuild it. */
  | { is: 'broken'; why: string };

type Place = Pick<Home, 'journal' | 'dir'>;

/** The database and SQLite's two files next to it. */
export function journalFiles({ journal }: Pick<Home, 'journal'>): string[] {
  return [journal, `${journal}-wal`, `${journal}-shm`];
}

/** Checks the journal. @param content the path to open. Reading may change the files, so doctor passes a copy */
export function journalCondition(home: Place, content: () => Place = () => home): Condition {
  const removed = removedFiles(home);
  if (removed.length > 0) {
    return { is: 'broken', why: `it was removed while process ${removed[0]?.pid} is writing to it` };
  }
  if ((statSync(home.journal, { throwIfNoEntry: false })?.size ?? 0) === 0) {
    return { is: 'broken', why: 'it is gone' };
  }
  const closed = journalFiles(home).filter((file) => existsSync(file) && !isOpen(file));
  if (closed[0] !== undefined) return { is: 'refused', error: journalAccessError(closed[0]) };
  return contentOf(content);
}

function contentOf(content: () => Place): Condition {
  try {
    const journal = Journal.open(content());
    try {
      const why = journal.damage();
      return why === null ? { is: 'whole' } : { is: 'broken', why };
    } finally {
      journal.close();
    }
  } catch (error) {
    const known = asKnown(error);
    const isRefused = known.code === 'E_JOURNAL' && known.hint !== ERRORS.E_JOURNAL.hint;
    if (isRefused) return { is: 'refused', error: known };
    return { is: 'broken', why: known.message.replace(/^.*cannot be read: |\.$/g, '') };
  }
}

export interface RemovedFile {
  pid: number;
  /** The path in /proc where the content can still be read. */
  at: string;
  name: string;
}

/** Removed journal files that a process of this home still has open. */
export function removedFiles(home: Place): RemovedFile[] {
  const names = journalFiles(home).slice(0, 2);
  return processesWith('SWITCHYARD_HOME', home.dir).flatMap(({ pid }) =>
    openDescriptors(pid).flatMap(({ fd, file }) => {
      const name = names.find((each) => file === `${each} (deleted)`);
      return name === undefined ? [] : [{ pid, at: `/proc/${pid}/fd/${fd}`, name }];
    }),
  );
}

function isOpen(file: string): boolean {
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
