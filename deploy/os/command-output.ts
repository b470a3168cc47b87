/** Writes a command's output to the log, up to a limit, and keeps its last lines for a failure's message. */
import type { ChildProcess } from 'node:child_process';
import { appendFileSync, closeSync, openSync, writeSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

/** In bytes. A test with endless output must not fill the disk of the live app. */
const LOG_LIMIT = 20 * 1024 * 1024;
const TAIL_LIMIT = 64 * 1024;
/** Maximum wait for the output to close after the command has exited, because an unknown process may still hold it. */
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

  /** @param redact hides secrets in every line; if given, the output is written line by line */
  constructor(
    private readonly logFile: string,
    private readonly redact?: (text: string) => string,
  ) {
    this.fd = openSync(logFile, 'a', 0o600);
  }

  /** Adds a line of Switchyard's own to the log. */
  note(line: string): void {
    try {
      appendFileSync(this.logFile, `${line}\n`);
    } catch {
      // a full disk costs the log, but must not fail the deployment
    }
  }

  follow(child: ChildProcess): void {
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => this.add(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.add(chunk));
    this.closed = new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  }

  /** Waits for the rest of the output and returns its last lines. */
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

  /** Adds a chunk of the command's output. */
  add(chunk: Buffer): void {
    // a character split between chunks is garbled here, but not in the log
    this.tail = (this.tail + chunk.toString('utf8')).slice(-TAIL_LIMIT);
    if (this.redact) this.addLines(this.decoder.write(chunk));
    else this.keep(chunk);
  }

  /** A secret may be split across two chunks, but not across two lines. */
  private addLines(text: string): void {
    const lines = (this.unended + text).split('\n');
    this.unended = lines.pop() ?? '';
    // an endless line is written in pieces, so that it cannot fill the memory
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
    if (this.full) this.note(`\n# more than ${LOG_LIMIT} bytes: the rest was cut off`);
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
