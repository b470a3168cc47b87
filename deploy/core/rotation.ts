/**
 * Decides how a log's older files rotate (`x.log.1`, `x.log.2.gz`, …), and which are removed if all logs take too much
 * disk.
 */

/** A rotated file of a log; 1 is the newest. */
export interface RotatedFile {
  number: number;
  packed: boolean;
}

export type RotationTask = { do: 'remove' | 'pack'; older: RotatedFile };

export function rotatedName(log: string, { number, packed }: RotatedFile): string {
  return `${log}.${number}${packed ? '.gz' : ''}`;
}

/** The rotated files of a log among the names in its folder. */
export function rotatedFiles(log: string, names: string[]): RotatedFile[] {
  return names.flatMap((name) => {
    if (!name.startsWith(`${log}.`)) return [];
    const found = /^(\d+)(\.gz)?$/.exec(name.slice(log.length + 1));
    return found ? [{ number: Number(found[1]), packed: found[2] !== undefined }] : [];
  });
}

/** The renames that free number 1, in order. */
export function decideRenames(older: RotatedFile[]): { from: RotatedFile; to: RotatedFile }[] {
  return [...older]
    .sort((a, b) => b.number - a.number)
    .map((from) => ({ from, to: { ...from, number: from.number + 1 } }));
}

/**
 * Decides which rotated files to remove or compress. The newest stays uncompressed: it is read most, and its writers
 * may not have closed it yet. Removals come first, because compression needs free disk.
 * @param keep how many older files to keep
 * @param isOpen true while a process has the file open
 */
export function decideRotationTasks(
  older: RotatedFile[],
  keep: number,
  isOpen: (older: RotatedFile) => boolean,
): RotationTask[] {
  const closed = older.filter((each) => !isOpen(each));
  const excess = closed.filter(({ number }) => number > keep);
  const plain = closed.filter(({ number, packed }) => number <= keep && number > 1 && !packed);
  return [
    ...excess.map((each): RotationTask => ({ do: 'remove', older: each })),
    ...plain.map((each): RotationTask => ({ do: 'pack', older: each })),
  ];
}

export interface LogFile {
  path: string;
  bytes: number;
  /** The last write, in milliseconds since 1970. */
  writtenAt: number;
  /** False for a log that is still written to or read. */
  removable: boolean;
}

/** The files to remove, oldest first, until all logs together take at most `limit` bytes. */
export function decideCap(files: LogFile[], limit: number): string[] {
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const oldestFirst = files
    .filter(({ removable }) => removable)
    .sort((one, other) => one.writtenAt - other.writtenAt);
  const removed: string[] = [];
  for (const { path, bytes } of oldestFirst) {
    if (total <= limit) break;
    total -= bytes;
    removed.push(path);
  }
  return removed;
}
