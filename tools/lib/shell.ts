/** Runs lines in a shell, as a user would type them, and keeps the transcript. */
import { spawn, type ChildProcess } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import type { Copy } from './copy';

export class Shell {
  /** The transcript so far. */
  readonly lines: string[] = [];
  private child: ChildProcess | undefined;

  /** @param onLine called with each complete line */
  constructor(
    private readonly place: Pick<Copy, 'dir' | 'env'>,
    private readonly onLine: (line: string) => void,
  ) {}

  /** Adds the user's comment. */
  comment(text: string): void {
    if (this.lines.length > 0) this.add('');
    this.add(`# ${text}`);
  }

  /** Resolves with the exit code; null if a signal killed the command. */
  run(line: string): Promise<number | null> {
    this.add(`$ ${line}`);
    // its own process group, so that Ctrl-C reaches only this process, which then stops it in order
    const child = spawn('sh', ['-c', `exec 2>&1; ${line}`], {
      cwd: this.place.dir,
      env: this.place.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child = child;
    const flush = this.follow(child);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        this.child = undefined;
        flush();
        resolve(code);
      });
    });
  }

  /** Stops the running command. */
  stop(): void {
    if (!this.child?.pid) return;
    try {
      process.kill(-this.child.pid, 'SIGTERM');
    } catch {
      // it has already exited
    }
  }

  /** Returns a function that adds the last line, which may have no line end. */
  private follow(child: ChildProcess): () => void {
    let open = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (open + text).split('\n');
      open = lines.pop() ?? '';
      lines.forEach((line) => this.add(line));
    });
    return () => {
      if (open !== '') this.add(open);
    };
  }

  /** git pads the remote side's lines with spaces. */
  private add(line: string): void {
    const clean = stripVTControlCharacters(line).trimEnd();
    this.lines.push(clean);
    this.onLine(clean);
  }
}
