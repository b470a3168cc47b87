/** Reads the `app` section of a checked-out commit's own deploy.config.js. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Command } from '../command';
import { deploymentLog, launchAhead, runCommand } from '../command';
import { parseAppSettings } from '../config';
import { KnownError } from '../core/errors';
import { tellingLine } from '../core/telling';
import type { AppSettings } from '../core/types';
import type { Home } from '../home';
import { isRunning } from '../runtimes/os-process';

const LIMIT_SECONDS = 20;
const FILE = 'deploy.config.js';
/** Beside the folder: it is none of the commit's files. */
const ANSWER = '.app.new';

/**
 * The file is the commit's code: it runs in a process of its own, and only its JSON comes back. The text
 * stands here, and not in a file, so that it is there in whatever form the kit is built.
 */
const READER = `
let folder = '';
process.stdin.setEncoding('utf8').on('data', (text) => (folder += text)).on('end', () => {
  if (folder === '') process.exit(1);
  process.chdir(folder);
  import(require('node:url').pathToFileURL(folder + '/${FILE}')).then(({ default: config }) => {
    require('node:fs').writeFileSync(folder + '${ANSWER}', JSON.stringify({ app: config?.app }));
    process.exit(0);
  });
});
`;

export interface SettingsReader {
  /** How the commit in the folder wants to be built and started; defaults without a file. Throws E_CONFIG. */
  read(folder: string): Promise<AppSettings>;
  /** Ends what waits for nothing more. */
  leave(): void;
}

/** Node takes a tenth of a second to begin: so the reader is begun before there is anything to read. */
export function openSettingsReader(home: Home, deploymentId: number): SettingsReader {
  const command: Command = {
    argv: [process.execPath, '-e', READER],
    label: `read ${FILE}`,
    cwd: home.dir,
    logFile: deploymentLog(home, deploymentId),
    timeoutSeconds: LIMIT_SECONDS,
    deploymentId,
  };
  let waiting: ChildProcess | null = launchAhead(command);
  const take = (): ChildProcess => {
    const child = waiting !== null && isWaiting(waiting) ? waiting : launchAhead(command);
    waiting = null;
    return child;
  };
  return {
    async read(folder) {
      if (!existsSync(path.join(folder, FILE))) return parseAppSettings({});
      return readWith(command, take(), folder);
    },
    leave() {
      waiting?.stdin?.end();
      waiting = null;
    },
  };
}

/** `npm ci`, as every command, ends whatever else runs of its deployment. */
function isWaiting({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null && isRunning(pid);
}

async function readWith(command: Command, child: ChildProcess, folder: string): Promise<AppSettings> {
  const answer = folder + ANSWER;
  rmSync(answer, { force: true });
  try {
    const { timedOut, lastLines } = await runCommand(command, { child, word: folder });
    if (timedOut) throw new KnownError('E_CONFIG', `${FILE} took longer than ${LIMIT_SECONDS} s.`);
    if (!existsSync(answer)) {
      throw new KnownError('E_CONFIG', `${FILE} cannot be read: ${tellingLine(lastLines)}`);
    }
    return parseAppSettings(JSON.parse(readFileSync(answer, 'utf8')));
  } finally {
    rmSync(answer, { force: true });
  }
}
