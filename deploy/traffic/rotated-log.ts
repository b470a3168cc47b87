/**
 * Reads a log from where it was read last, over its rotations: `access.log` was then renamed to `access.log.1`, to
 * which its writers may go on for a moment. Files are told apart by their inodes.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** A place in one file. */
interface Place {
  inode: number;
  /** In bytes, always at the beginning of a line. */
  offset: number;
}

/** Where reading goes on. */
export interface LogPosition extends Place {
  /** In the file before it, which may still grow. */
  before?: Place | null;
}

/** The log's end: only what comes after it will be read. */
export function endOfLog(file: string): LogPosition {
  const [now, last] = [placeAtEnd(file), placeAtEnd(`${file}.1`)];
  if (now === null) return { inode: 0, offset: 0, before: last };
  // rotated between the two looks
  return { ...now, before: last?.inode === now.inode ? null : last };
}

/**
 * The whole lines since `from`, and where to go on; a line that is still being written is left for the next time. A
 * log that was emptied, or whose place is nowhere any more, is read from its beginning.
 */
export function readLog(file: string, from: LogPosition): { text: string; position: LogPosition } {
  const files = openAll(file);
  try {
    const known = files.findIndex(({ inode }) => inode === from.inode || inode === from.before?.inode);
    // newest first: what is newer than the place is read whole, what is older was read before
    const read = files.map((each, index) => {
      const place = [from, from.before].find((candidate) => candidate?.inode === each.inode);
      if (place) return linesFrom(each, place.offset <= each.size ? place.offset : 0);
      return index < known || (known === -1 && index === 0) ? linesFrom(each, 0) : linesFrom(each, each.size);
    });
    const text = read
      .map((each) => each.text)
      .reverse()
      .join('');
    const [now, last] = read.map(({ end }) => end);
    return { text, position: now ? { ...now, before: last ?? null } : { ...from } };
  } finally {
    for (const { fd } of files) closeSync(fd);
  }
}

interface OpenFile {
  fd: number;
  inode: number;
  size: number;
}

/** The log and its older files, as far as they are not packed, the newest first. */
function openAll(file: string): OpenFile[] {
  const files: OpenFile[] = [];
  for (let number = 0; ; number++) {
    const fd = openOrNull(number === 0 ? file : `${file}.${number}`);
    if (fd === null && number > 0) return files;
    // between the two steps of a rotation there is no log of that name
    if (fd === null) continue;
    const { ino: inode, size } = fstatSync(fd);
    // rotated while we opened: the same file by its next name
    if (files.some((each) => each.inode === inode)) closeSync(fd);
    else files.push({ fd, inode, size });
  }
}

function linesFrom({ fd, inode, size }: OpenFile, offset: number): { text: string; end: Place } {
  const buffer = Buffer.alloc(size - offset);
  const got = readSync(fd, buffer, 0, buffer.length, offset);
  const whole = buffer.subarray(0, buffer.subarray(0, got).lastIndexOf('\n') + 1);
  return { text: whole.toString('utf8'), end: { inode, offset: offset + whole.length } };
}

function placeAtEnd(file: string): Place | null {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? { inode: found.ino, offset: found.size } : null;
}

function openOrNull(file: string): number | null {
  try {
    return openSync(file, 'r');
  } catch {
    return null;
  }
}
