/**
 * Reads webhook bodies in bounded memory: each has a size and a time limit, and only a few are read at the same time. A
 * further one replaces the oldest, so that slow senders cannot keep others out.
 */
import type { IncomingMessage } from 'node:http';
import { tooLarge } from './headers';
import { Refusal } from './refusal';

export interface BodyLimits {
  /** In bytes. */
  size: number;
  atOnce: number;
  withinMs: number;
}

export type ReadBody = (request: IncomingMessage) => Promise<Buffer>;

/** The returned function throws a Refusal; the rest of that body is then read and dropped. */
export function bodyReader({ size, atOnce, withinMs }: BodyLimits): ReadBody {
  // in the order of arrival
  const open = new Set<(why: Refusal) => void>();
  return (request) =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const settle = (): void => {
        clearTimeout(limit);
        open.delete(refuse);
        request.off('data', add).off('end', end).off('close', gone);
        request.resume();
      };
      const refuse = (why: Refusal): void => {
        settle();
        reject(why);
      };
      const end = (): void => {
        settle();
        resolve(Buffer.concat(chunks, length));
      };
      const gone = (): void => refuse(new Refusal(400, 'E_BAD_PAYLOAD', 'The body ended early.'));
      const add = (chunk: Buffer): void => {
        length += chunk.length;
        if (length > size) return refuse(tooLarge(size));
        chunks.push(chunk);
      };
      const limit = setTimeout(() => refuse(late()), withinMs);
      const [oldest] = open;
      if (open.size >= atOnce) oldest?.(late());
      open.add(refuse);
      request
        .on('data', add)
        .on('end', end)
        .on('close', gone)
        .on('error', () => undefined);
    });
}

function late(): Refusal {
  return new Refusal(408, 'E_BAD_PAYLOAD', 'The body took too long.', 'Check the network to the sender.');
}
