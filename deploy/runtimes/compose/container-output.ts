/** Reads a container's output, which the engine keeps only as long as the container exists. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { streamEngine } from './engine-api';

/** The header of each piece of output: the stream (one byte and three zero bytes) and the length (four bytes). */
const HEADER_BYTES = 8;

/**
 * The last `lines` lines, oldest first; empty for a container that no longer exists. Throws E_ENGINE.
 * @param since omits earlier lines; in milliseconds since 1970
 */
export async function containerLines(id: string, lines: number, since?: number): Promise<string[]> {
  if (lines <= 0) return [];
  if (since !== undefined) {
    const stamped = await stampedLines(id, { after: stampOf(since) });
    return stamped.map(({ text }) => text).slice(-lines);
  }
  const pieces: Buffer[] = [];
  for await (const piece of outputOf(id, String(lines))) pieces.push(piece);
  const all = Buffer.concat(pieces).toString('utf8').split('\n');
  if (all.at(-1) === '') all.pop();
  return all.slice(-lines);
}

/** A line of a container's output, and when it was written: an RFC 3339 time with nanoseconds. */
export interface StampedLine {
  at: string;
  text: string;
}

/** The last `tail` lines, or those after a moment; empty for a container that no longer exists. Throws E_ENGINE. */
export async function stampedLines(
  id: string,
  from: { tail: number } | { after: string },
): Promise<StampedLine[]> {
  const after = 'after' in from ? from.after : '';
  const since =
    after && `&since=${Date.parse(after.replace(/\.\d+/, '')) / 1000}${/\.\d+/.exec(after)?.[0] ?? ''}`;
  const pieces: Buffer[] = [];
  for await (const piece of outputOf(
    id,
    'tail' in from ? String(from.tail) : 'all',
    `&timestamps=true${since}`,
  ))
    pieces.push(piece);
  const lines = Buffer.concat(pieces).toString('utf8').split('\n');
  const stamped = lines.flatMap((line) => {
    const [, at, text] = /^(\S+Z) ([^]*)$/.exec(line) ?? [];
    return at === undefined || text === undefined ? [] : [{ at, text }];
  });
  // the engine includes lines of that very moment
  return stamped.filter(({ at }) => at > after);
}

/** The time in the engine's format, so that both compare as strings. @param time in milliseconds since 1970 */
export function stampOf(time: number): string {
  return new Date(time).toISOString().replace('Z', '000000Z');
}

/** Appends the whole output to a file. Throws E_ENGINE, or the file system's error. */
export async function appendOutput(id: string, file: string): Promise<void> {
  await pipeline(Readable.from(outputOf(id, 'all')), createWriteStream(file, { flags: 'a', mode: 0o600 }));
}

async function* outputOf(id: string, tail: string, more = ''): AsyncGenerator<Buffer> {
  const path = `/containers/${id}/logs?stdout=true&stderr=true&tail=${tail}${more}`;
  const response = await streamEngine({ path });
  if (response.statusCode === 200) yield* unframed(response);
  else response.resume();
}

/** Strips the headers. stdout and stderr stay in the order in which they were written. */
export async function* unframed(framed: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of framed) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUInt32BE(4);
      if (rest.length < end) break;
      yield rest.subarray(HEADER_BYTES, end);
      rest = rest.subarray(end);
    }
  }
}
