/**
 * Finds the crontab line that starts this clone after a reboot. Each candidate runs in cron's minimal environment with
 * SWITCHYARD_CHECK set, so `npm start` only reports whether it would work and changes nothing.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import path from 'node:path';
import { shellWord } from './finding';

/** `npm start` in check mode takes about a second, several on a busy machine. */
const ANSWER_WITHIN_MS = 4000;
const CRON_PATH = '/usr/bin:/bin';

/** The result of one attempt: the home that `npm start` would use, or the error it would fail with. */
export type Attempt = { home: string } | { code: string; message: string; hint: string };

export interface BootLine {
  /** The command after `@reboot` in the crontab. */
  line: string;
  /** Why even this line would fail; null if it works. */
  failure: { message: string; hint: string } | null;
}

interface Wanted {
  root: string;
  home: string;
  /** The caller's PATH, because cron's PATH does not include a version manager's Node. */
  searchPath: string;
}

/** Returns the shortest line that works or, if none does, the last one tried with its failure. */
export async function findBootLine(wanted: Wanted, attempt = tryLine): Promise<BootLine> {
  const variables: Record<string, string> = {};
  for (;;) {
    const line = lineWith(wanted, variables);
    const result = await attempt(line);
    const missing = variableFor(result, wanted);
    if (missing && !(missing.name in variables)) variables[missing.name] = missing.value;
    else if ('home' in result) return { line, failure: null };
    else return { line, failure: result };
  }
}

function lineWith({ root, searchPath }: Wanted, variables: Record<string, string>): string {
  const set = Object.entries(variables).map(([name, value]) => `${name}=${shellWord(value)} `);
  const folders = [path.dirname(process.execPath), ...foldersOf(['git', 'npm', 'docker'], searchPath)];
  const added = [...new Set(folders)].filter((folder) => !CRON_PATH.split(':').includes(folder));
  const places = added.length > 0 ? `PATH=${shellWord(added.join(':'))}:$PATH ` : '';
  return `cd ${shellWord(root)} && ${set.join('')}${places}npm start`;
}

/** The variable that would fix the failed attempt; null if there is none. */
function variableFor(result: Attempt, { root, home }: Wanted): { name: string; value: string } | null {
  if ('home' in result) return result.home === home ? null : { name: 'SWITCHYARD_HOME', value: home };
  // under sudo, git trusts the calling user's clone through SUDO_UID, which cron does not set
  const isForeign = result.code === 'E_NOT_A_REPOSITORY' && /another user/.test(result.message);
  return isForeign && process.getuid?.() === 0
    ? { name: 'SUDO_UID', value: String(statSync(root).uid) }
    : null;
}

/** userInfo() throws in a container whose user is missing from /etc/passwd. */
function ownUser(): { home: string; name: string } {
  try {
    const { homedir: home, username: name } = userInfo();
    return { home, name };
  } catch {
    return { home: homedir(), name: String(process.getuid?.()) };
  }
}

/** Runs a line as cron would, in check mode: nothing starts. */
export function tryLine(line: string): Promise<Attempt> {
  const { home, name } = ownUser();
  const child = spawn('/bin/sh', ['-c', line], {
    cwd: home,
    env: {
      HOME: home,
      LOGNAME: name,
      SHELL: '/bin/sh',
      PATH: CRON_PATH,
      SWITCHYARD_CHECK: '1',
      // keeps npm from writing a log file
      npm_config_logs_max: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve) => {
    const limit = setTimeout(() => killGroup(child.pid), ANSWER_WITHIN_MS);
    child.on('error', (error) => (output += error.message));
    child.on('close', (code) => {
      clearTimeout(limit);
      resolve(code === null ? late() : attemptIn(output));
    });
  });
}

/** Extracts the JSON answer: npm prints its own lines around it. */
export function attemptIn(output: string): Attempt {
  try {
    const answer = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1)) as
      { home: string } | { error: { code: string; message: string; hint: string } };
    return 'error' in answer ? answer.error : answer;
  } catch {
    const [message = 'it printed nothing'] = output.trim().split('\n').slice(-1);
    return { code: 'E_INTERNAL', message, hint: 'Run the line by hand.' };
  }
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader) process.kill(-leader, 'SIGKILL');
  } catch {
    // already exited
  }
}

function late(): Attempt {
  const message = `no answer in ${ANSWER_WITHIN_MS / 1000} s`;
  return { code: 'E_INTERNAL', message, hint: 'Run doctor again when the machine is less busy.' };
}

function foldersOf(programs: string[], searchPath: string): string[] {
  const folders = searchPath
    .split(':')
    .filter((folder) => path.isAbsolute(folder) && !folder.includes('node_modules'));
  return programs.flatMap((name) => {
    if (CRON_PATH.split(':').some((folder) => isProgram(path.join(folder, name)))) return [];
    return folders.filter((folder) => isProgram(path.join(folder, name))).slice(0, 1);
  });
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
