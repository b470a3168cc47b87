/** Reads a container's output, which the engine keeps only as long as the container exists. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openEngine } from './engine-api';

/** The header of each piece of output: the stream (one byte and three zero bytes) and the length (four bytes). */
const HEADER_BYTES = 8;

/** The last `lines` lines, oldest first; empty for a container that no longer exists. Throws E_ENGINE. */
export async function containerLines(id: string, lines: number): Promise<string[]> {
  if (lines <= 0) return [];
  const pieces: Buffer[] = [];
  for await (const piece of outputOf(id, String(lines))) pieces.push(piece);
  const all = Buffer.concat(pieces).toString('utf8').split('\n');
  if (all.at(-1) === '') all.pop();
  return all.slice(-lines);
}

/** Appends the whole output to a file. Throws E_ENGINE, or the file system's error. */
export async function keepOutput(id: string, file: string): Promise<void> {
  await pipeline(Readable.from(outputOf(id, 'all')), createWriteStream(file, { flags: 'a', mode: 0o600 }));
}

async function* outputOf(id: string, tail: string): AsyncGenerator<Buffer> {
  const response = await openEngine({ path: `/containers/${id}/logs?stdout=true&stderr=true&tail=${tail}` });
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
