/** What a container has written. The engine keeps it only as long as the container itself. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openEngine } from './engine-api';

/** Each piece comes behind its stream (one byte, three of nothing) and its length (four bytes). */
const HEADER_BYTES = 8;

/** Its last lines, oldest first; none for a container that is gone. Throws E_ENGINE. */
export async function containerLines(id: string, lines: number): Promise<string[]> {
  if (lines <= 0) return [];
  const pieces: Buffer[] = [];
  for await (const piece of outputOf(id, String(lines))) pieces.push(piece);
  const all = Buffer.concat(pieces).toString('utf8').split('\n');
  if (all.at(-1) === '') all.pop();
  return all.slice(-lines);
}

/** Appends all of it to a file. Throws E_ENGINE, and what the disk has to say. */
export async function keepOutput(id: string, file: string): Promise<void> {
  await pipeline(Readable.from(outputOf(id, 'all')), createWriteStream(file, { flags: 'a', mode: 0o600 }));
}

async function* outputOf(id: string, tail: string): AsyncGenerator<Buffer> {
  const response = await openEngine({ path: `/containers/${id}/logs?stdout=true&stderr=true&tail=${tail}` });
  if (response.statusCode === 200) yield* unframed(response);
  else response.resume();
}

/** Both streams in the order in which they were written. */
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
