/** Detects damage to a release's files since its build. Pure. */

export interface FileFacts {
  size: number;
  /** Seconds since 1970. */
  changedAt: number;
}

/** By path in the release; null for a symbolic link. */
export type FileList = ReadonlyMap<string, FileFacts | null>;

/** Caches are excluded, because their files come and go. */
const CACHE = /(^|\/)\.?cache\//;

/**
 * Names the damage in one clause, or returns null. An app may write into its own folder, so a file changed after the
 * build counts as damaged only if it is empty.
 */
export function damagedFiles(built: FileList, present: FileList): string | null {
  const damaged = [...built].flatMap(([file, facts]) => {
    const how = CACHE.test(file) ? null : damageOf(facts, present.get(file));
    return how === null ? [] : [`${file} is ${how}`];
  });
  const [first] = damaged;
  if (first === undefined) return null;
  return damaged.length === 1 ? first : `${first}, and ${damaged.length - 1} more files are damaged`;
}

function damageOf(built: FileFacts | null, present: FileFacts | null | undefined): string | null {
  if (present === undefined) return 'missing';
  if (built === null || present === null || present.size === built.size) return null;
  if (present.size === 0) return 'empty';
  return present.changedAt > built.changedAt ? null : 'cut off';
}
