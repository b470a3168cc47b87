/** Reads the `app` section of a checked-out commit's own configuration file. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Command } from '../os/command';
import { deploymentLog, prestart, runCommand } from '../os/command';
import { parseAppSettings } from '../config/load';
import type { Exported } from '../config/evaluate';
import { configText, findConfigFile, checkedValue } from '../config/file';
import { EXPORT_OF } from '../config/evaluate';
import { KnownError } from '../core/errors';
import { failureLine } from '../core/failure-line';
import { machineFault } from '../core/machine-fault';
import type { AppSettings } from '../core/release';
import type { Home } from '../home/home';
import { isRunning } from '../os/process-table';

const LIMIT_SECONDS = 20;
/** Suffix of the answer file, which lies beside the release's folder and not among the commit's files. */
const ANSWER = '.app.new';

/** The configuration file is the commit's code, so it runs in its own process and returns only JSON. */
const READER = `
const { dirname } = require('node:path');
const { writeFileSync } = require('node:fs');
let file = '';
process.stdin.setEncoding('utf8').on('data', (text) => (file += text)).on('end', () => {
  if (file === '') process.exit(1);
  const folder = dirname(file);
  process.chdir(folder);
  exportOf(file, 'app').then((exported) => {
    writeFileSync(folder + '${ANSWER}', JSON.stringify(exported));
    process.exit(0);
  });
});
${EXPORT_OF}
`;

export interface SettingsReader {
  /**
   * Returns how to build and start the commit in the folder; defaults without a configuration file. Throws E_CONFIG.
   */
  read(folder: string): Promise<AppSettings>;
  /** Stops a reader that was never used. */
  close(): void;
}

/** Node takes about 100 ms to start, so the reader starts before there is anything to read. */
export function openSettingsReader(home: Home, deploymentId: number): SettingsReader {
  const command: Command = {
    argv: [process.execPath, '-e', READER],
    label: 'read the configuration',
    cwd: home.dir,
    logFile: deploymentLog(home, deploymentId),
    timeoutSeconds: LIMIT_SECONDS,
    deploymentId,
  };
  let waiting: ChildProcess | null = prestart(command);
  const take = (): ChildProcess => {
    const child = waiting !== null && isWaiting(waiting) ? waiting : prestart(command);
    waiting = null;
    return child;
  };
  return {
    async read(folder) {
      const name = findConfigFile(folder);
      if (name === null) return parseAppSettings(undefined);
      return readWith({ ...command, label: `read ${name}` }, take(), folder, name);
    },
    close() {
      waiting?.stdin?.end();
      waiting = null;
    },
  };
}

/** False if killed: when `npm ci` or another command exits, the deployment's other processes are killed. */
function isWaiting({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null && isRunning(pid);
}

async function readWith(
  command: Command,
  child: ChildProcess,
  folder: string,
  name: string,
): Promise<AppSettings> {
  const answer = folder + ANSWER;
  const file = path.join(folder, name);
  rmSync(answer, { force: true });
  try {
    const { timedOut, ...result } = await runCommand(command, { child, word: file });
    const { lastLines, signal } = result;
    if (timedOut) throw new KnownError('E_CONFIG', `${name} took longer than ${LIMIT_SECONDS} s.`);
    const exported = existsSync(answer) ? (JSON.parse(readFileSync(answer, 'utf8')) as Exported) : null;
    const killed = signal === null ? null : machineFault(`The reader of ${name}`, { timedOut, ...result });
    if (exported === null && killed !== null) throw killed;
    const ended = failureLine(lastLines) || 'it exited before it exported anything';
    const app = checkedValue(name, configText(file, name), exported ?? { refused: 'failed', is: ended });
    return parseAppSettings(app, name);
  } finally {
    rmSync(answer, { force: true });
  }
}
