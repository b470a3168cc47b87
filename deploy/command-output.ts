/** What a command writes: kept in the log up to a limit, and its last lines for the message about a failure. */
import type { ChildProcess } from 'node:child_process';
import { appendFileSync, closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

/** A test that writes without end must not fill the disk that the live app uses. Bytes. */
const LOG_LIMIT = 20 * 1024 * 1024;
const TAIL_LIMIT = 64 * 1024;
/** Output ends with the command, except where a process that nothing finds any more still holds it. */
const REST_MS = 1000;

export class CommandOutput {
  private readonly fd: number;
  private written = 0;
  private tail = '';
  private full = false;
  private child: ChildProcess | undefined;
  private closed: Promise<unknown> = Promise.resolve();

  constructor(private readonly logFile: string) {
    this.fd = openSync(logFile, 'a');
  }

  /** A line of ours among the command's. */
  note(line: string): void {
    try {
      appendFileSync(this.logFile, `${line}\n`);
    } catch {
      // a full disk costs the log, never the deployment
    }
  }

  follow(child: ChildProcess): void {
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => this.add(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.add(chunk));
    this.closed = new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  }

  /** Waits for the rest of the output, and returns its last lines. */
  async close(lines: number): Promise<string[]> {
    await Promise.race([this.closed, sleep(REST_MS, undefined, { ref: false })]);
    this.child?.stdout?.destroy();
    this.child?.stderr?.destroy();
    closeSync(this.fd);
    const all = stripVTControlCharacters(this.tail).split(/[\r\n]+/);
    return all.filter((line) => line.trim() !== '').slice(-lines);
  }

  /** Something of the command's own output. */
  add(chunk: Buffer): void {
    // split characters at a chunk's edge look odd in a message, and nowhere else
    this.tail = (this.tail + chunk.toString('utf8')).slice(-TAIL_LIMIT);
    if (this.full) return;
    this.written += chunk.length;
    this.full = this.written > LOG_LIMIT;
    if (this.full) this.note(`\n# more than ${LOG_LIMIT} bytes: the rest is not kept`);
    else this.write(chunk);
  }

  private write(chunk: Buffer): void {
    try {
      writeSync(this.fd, chunk);
    } catch {
      this.full = true;
    }
  }
}
