/** Follows a log while it is written and rotated, as `tail -F` does, without losing a line. */
import type { FileHandle } from 'node:fs/promises';
import { open, stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { machineMs } from './machine-clock';
import { linesFrom } from './tail';

const POLL_EVERY_MS = 200;
const CHUNK_BYTES = 64 * 1024;
/** A writer keeps a renamed log open for a moment. */
const RENAMED_FOR_MS = 10_000;

/** Yields the last lines of the file, then each group of new ones, until the signal. The file need not exist yet. */
export async function* followFile(
  file: string,
  lines: number,
  signal?: AbortSignal,
  since?: number,
): AsyncGenerator<string[]> {
  let current = await OpenLog.open(file, 'end');
  yield await linesFrom(file, lines, since, current?.position);
  let renamed: { log: OpenLog; at: number }[] = [];
  try {
    while (signal?.aborted !== true) {
      for (const { log } of renamed) yield* await log.read();
      if (current) yield* await current.read();
      if (!(await current?.isStill(file))) {
        const next = await OpenLog.open(file, 'start');
        if (next !== null) {
          if (current) renamed.push({ log: current, at: machineMs() });
          current = next;
          continue;
        }
      }
      const over = renamed.filter(({ at }) => machineMs() - at > RENAMED_FOR_MS);
      renamed = renamed.filter((each) => !over.includes(each));
      for (const { log } of over) await log.close();
      await sleep(POLL_EVERY_MS);
    }
  } finally {
    for (const log of [...renamed.map((each) => each.log), ...(current ? [current] : [])]) await log.close();
  }
}

/** One file of the log, which may have another name by now. */
class OpenLog {
  private readonly decoder = new StringDecoder('utf8');
  private unended = '';

  private constructor(
    private readonly handle: FileHandle,
    private readonly inode: number,
    /** The position of the next read. */
    public position: number,
  ) {}

  /** Null if there is no such file. @param from `end`: after its last complete line */
  static async open(file: string, from: 'start' | 'end'): Promise<OpenLog | null> {
    const handle = await open(file, 'r').catch(() => null);
    if (handle === null) return null;
    const { ino, size } = await handle.stat();
    return new OpenLog(handle, ino, from === 'start' ? 0 : await lastLineEnd(handle, size));
  }

  async isStill(file: string): Promise<boolean> {
    const now = await stat(file).catch(() => null);
    return now === null || now.ino === this.inode;
  }

  /** The complete lines since the last read, in groups. */
  async read(): Promise<string[][]> {
    const { size } = await this.handle.stat();
    // truncated in place
    if (size < this.position) this.position = 0;
    const groups: string[][] = [];
    while (this.position < size) {
      const length = Math.min(CHUNK_BYTES, size - this.position);
      const { buffer, bytesRead } = await this.handle.read(Buffer.alloc(length), 0, length, this.position);
      if (bytesRead === 0) break;
      this.position += bytesRead;
      const all = (this.unended + this.decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      this.unended = all.pop() ?? '';
      if (all.length > 0) groups.push(all);
    }
    return groups;
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** The position after the last line feed; the end of the file if its last line is very long. */
async function lastLineEnd(handle: FileHandle, size: number): Promise<number> {
  const start = Math.max(0, size - CHUNK_BYTES);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
  const at = buffer.subarray(0, bytesRead).lastIndexOf('\n');
  return at === -1 && start > 0 ? size : start + at + 1;
}
