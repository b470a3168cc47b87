// @ts-check
/** Types lines into a shell, as a person would, and keeps the transcript: what is shown is what was run. */
'use strict';
const { spawn } = require('child_process');
const { stripVTControlCharacters } = require('util');

class Shell {
  /**
   * @param {{ dir: string, env: NodeJS.ProcessEnv }} place
   * @param {(line: string) => void} show called with each line as soon as it is whole
   */
  constructor({ dir, env }, show) {
    this.dir = dir;
    this.env = env;
    this.show = show;
    /** @type {string[]} the transcript so far */
    this.lines = [];
    /** @type {import('child_process').ChildProcess | undefined} */
    this.child = undefined;
  }

  /** A comment of the person's. @param {string} text */
  say(text) {
    if (this.lines.length > 0) this.add('');
    this.add(`# ${text}`);
  }

  /** Resolves with the exit code; null when a signal ended it. @param {string} line @returns {Promise<number | null>} */
  run(line) {
    this.add(`$ ${line}`);
    // a group of its own, so that Ctrl-C reaches us alone and we end it in order
    const child = spawn('sh', ['-c', `exec 2>&1; ${line}`], {
      cwd: this.dir,
      env: this.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child = child;
    const rest = this.follow(child);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        this.child = undefined;
        rest();
        resolve(code);
      });
    });
  }

  /** Ends what runs. */
  end() {
    if (!this.child || !this.child.pid) return;
    try {
      process.kill(-this.child.pid, 'SIGTERM');
    } catch (_) {
      // it ended by itself
    }
  }

  /** Returns what adds the last line, which may have no line end. @param {import('child_process').ChildProcess} child */
  follow(child) {
    let open = '';
    if (child.stdout) {
      child.stdout.setEncoding('utf8').on('data', (text) => {
        const lines = (open + text).split('\n');
        open = lines.pop() || '';
        lines.forEach((line) => this.add(line));
      });
    }
    return () => {
      if (open !== '') this.add(open);
    };
  }

  /** git fills the lines of the other side with spaces. @param {string} line */
  add(line) {
    const clean = stripVTControlCharacters(line).trimEnd();
    this.lines.push(clean);
    this.show(clean);
  }
}

module.exports = { Shell };
