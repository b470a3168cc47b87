/** Reads the last lines of a log that may be huge. */
import { open, stat } from 'node:fs/promises';
import { linesSince } from '../core/log-times';

const CHUNK_BYTES = 64 * 1024;
/** Bounds the memory for a file with endless lines. */
const READ_AT_MOST_BYTES = 4 * 1024 * 1024;
const NEWLINE = 10;

/**
 * The last `lines` lines, oldest first; fewer if together they exceed 4 MB, none if there is no file. Just after a
 * rotation, the missing lines come from the previous file.
 * @param end ignores the file's content from this position on
 */
export async function lastLines(file: string, lines: number, end?: number): Promise<string[]> {
  const found = await linesAtEnd(file, lines, end);
  return [...(await linesAtEnd(`${file}.1`, lines - found.length)), ...found];
}

/** The last lines since then. @param end as in lastLines */
export async function linesFrom(
  file: string,
  lines: number,
  since: number | undefined,
  end?: number,
): Promise<string[]> {
  if (since === undefined) return lastLines(file, lines, end);
  const all = await lastLines(file, Infinity, end);
  const lastWrite = await stat(file).catch(() => null);
  return linesSince(all, since, lastWrite?.mtimeMs ?? 0).slice(-lines);
}

async function linesAtEnd(file: string, lines: number, end?: number): Promise<string[]> {
  if (lines <= 0) return [];
  const handle = await open(file, 'r').catch(() => null);
  if (!handle) return [];
  try {
    let position = end ?? (await handle.stat()).size;
    const chunks: Buffer[] = [];
    let newlines = 0;
    // one newline more than lines: it ends the line before them
    while (position > 0 && newlines <= lines && chunks.length * CHUNK_BYTES < READ_AT_MOST_BYTES) {
      const size = Math.min(CHUNK_BYTES, position);
      position -= size;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, position);
      chunks.unshift(buffer.subarray(0, bytesRead));
      newlines += count(buffer.subarray(0, bytesRead));
    }
    return split(Buffer.concat(chunks).toString('utf8'), position > 0).slice(-lines);
  } finally {
    await handle.close();
  }
}

function split(text: string, cutOff: boolean): string[] {
  const lines = text.split('\n');
  if (lines[lines.length - 1] === '') lines.pop();
  return cutOff ? lines.slice(1) : lines;
}

function count(buffer: Buffer): number {
  let newlines = 0;
  for (const byte of buffer) if (byte === NEWLINE) newlines += 1;
  return newlines;
}
