/** What a command writes: kept in the log up to a limit, and its last lines for the message about a failure. */
import type { ChildProcess } from 'node:child_process';
import { appendFileSync, closeSync, openSync, writeSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
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

  private readonly decoder = new StringDecoder('utf8');
  private unended = '';

  /** @param redact hides in every line what no log may carry; what it writes is then kept line by line */
  constructor(
    private readonly logFile: string,
    private readonly redact?: (text: string) => string,
  ) {
    this.fd = openSync(logFile, 'a', 0o600);
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
    if (this.unended !== '') this.keep(Buffer.from(this.hide(this.unended)));
    closeSync(this.fd);
    const all = stripVTControlCharacters(this.tail).split(/[\r\n]+/);
    return all
      .filter((line) => line.trim() !== '')
      .slice(-lines)
      .map((line) => this.hide(line));
  }

  /** Something of the command's own output. */
  add(chunk: Buffer): void {
    // split characters at a chunk's edge look odd in a message, and nowhere else
    this.tail = (this.tail + chunk.toString('utf8')).slice(-TAIL_LIMIT);
    if (this.redact) this.addLines(this.decoder.write(chunk));
    else this.keep(chunk);
  }

  /** A secret may come in two chunks, but not in two lines. */
  private addLines(text: string): void {
    const lines = (this.unended + text).split('\n');
    this.unended = lines.pop() ?? '';
    // a line without end is not to fill the memory: it is kept in pieces
    if (this.unended.length > TAIL_LIMIT) {
      lines.push(this.unended);
      this.unended = '';
    }
    if (lines.length > 0) this.keep(Buffer.from(`${lines.map((line) => this.hide(line)).join('\n')}\n`));
  }

  private hide(line: string): string {
    return this.redact ? this.redact(line) : line;
  }

  private keep(chunk: Buffer): void {
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
