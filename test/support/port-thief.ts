/** Starts test/support/programs/port-thief.js, and collects what it prints. */
import { spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = path.join(__dirname, 'programs', 'port-thief.js');

export interface ThiefLine {
  what: 'trying' | 'listening' | 'request';
  /** Milliseconds since 1970. */
  at: number;
}

export interface PortThief {
  /** Grows as the thief prints. */
  lines: ThiefLine[];
  kill: () => void;
}

/**
 * @param answer the text of its answers
 * @param asUser another user, with a folder in which that user may read the program
 */
export function startPortThief(
  port: number,
  answer: string,
  asUser?: { user: number; folder: string },
): PortThief {
  const program = asUser ? path.join(asUser.folder, path.basename(PROGRAM)) : PROGRAM;
  if (asUser) copyFileSync(PROGRAM, program);
  const child = spawn(process.execPath, [program, String(port), answer], {
    ...(asUser && { uid: asUser.user, gid: asUser.user }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: ThiefLine[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as ThiefLine));
  return { lines, kill: () => child.kill('SIGKILL') };
}
