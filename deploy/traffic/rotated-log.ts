/**
 * Reads a log from the last position, across rotations. A rotation renames `access.log` to `access.log.1`, which its
 * writers may still append to for a moment. Files are identified by inode.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** A position in one file. */
interface Place {
  inode: number;
  /** In bytes, always at the start of a line. */
  offset: number;
}

/** The position to continue from. */
export interface LogPosition extends Place {
  /** The position in the previous file, which may still grow. */
  before?: Place | null;
}

/** The end of the log: reading from here returns only newer lines. */
export function endOfLog(file: string): LogPosition {
  const [now, last] = [placeAtEnd(file), placeAtEnd(`${file}.1`)];
  if (now === null) return { inode: 0, offset: 0, before: last };
  // the log was rotated between the two calls
  return { ...now, before: last?.inode === now.inode ? null : last };
}

/**
 * The complete lines since `from`, and the position to continue from. A line that is still being written is left for
 * the next call. If the log was truncated, or no file contains the position, reads the newest file from its start.
 */
export function readLog(file: string, from: LogPosition): { text: string; position: LogPosition } {
  const files = openAll(file);
  try {
    const known = files.findIndex(({ inode }) => inode === from.inode || inode === from.before?.inode);
    // newest first: files newer than the position are read in full; older ones were read before
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

/** Opens the log and its older uncompressed files, newest first. */
function openAll(file: string): OpenFile[] {
  const files: OpenFile[] = [];
  for (let number = 0; ; number++) {
    const fd = openOrNull(number === 0 ? file : `${file}.${number}`);
    if (fd === null && number > 0) return files;
    // between the two steps of a rotation, no file has the log's name
    if (fd === null) continue;
    const { ino: inode, size } = fstatSync(fd);
    // rotated while the files were being opened: the same file under its next name
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
