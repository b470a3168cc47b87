/** Reads the `app` section of a checked-out commit's own deploy.config.js. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Command } from '../command';
import { GO_ON, deploymentLog, launchAhead, runCommand } from '../command';
import { parseAppSettings } from '../config';
import { KnownError } from '../core/errors';
import { tellingLine } from '../core/telling';
import type { AppSettings } from '../core/types';
import type { Home } from '../home';
import { isRunning } from '../runtimes/os-process';

const LIMIT_SECONDS = 20;

/**
 * The file is the commit's code: it runs in a process of its own, and only its JSON comes back. The text
 * stands here, and not in a file, so that it is there in whatever form the kit is built.
 */
const READER = `
const [file, answer] = process.argv.slice(1);
let word = '';
process.stdin.setEncoding('utf8').on('data', (text) => (word += text)).on('end', () => {
  if (word !== '${GO_ON}') process.exit(1);
  import(require('node:url').pathToFileURL(file)).then(({ default: config }) => {
    require('node:fs').writeFileSync(answer, JSON.stringify({ app: config?.app }));
    process.exit(0);
  });
});
`;

export interface SettingsReader {
  /** How the commit wants to be built and started; defaults without a file. Throws E_CONFIG. */
  read(): Promise<AppSettings>;
  /** Ends what waits for nothing more. */
  leave(): void;
}

/** Node takes a tenth of a second to begin: so the reader is begun while the commit is checked out. @param dir must exist */
export function openSettingsReader(home: Home, deploymentId: number, dir: string): SettingsReader {
  const file = path.join(dir, 'deploy.config.js');
  const answer = `${dir}.app.new`;
  const command: Command = {
    argv: [process.execPath, '-e', READER, file, answer],
    label: 'read deploy.config.js',
    cwd: dir,
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
    read: () =>
      existsSync(file) ? readWith(command, take(), answer) : Promise.resolve(parseAppSettings({})),
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

async function readWith(command: Command, child: ChildProcess, answer: string): Promise<AppSettings> {
  rmSync(answer, { force: true });
  try {
    const { timedOut, lastLines } = await runCommand(command, child);
    if (timedOut) throw new KnownError('E_CONFIG', `deploy.config.js took longer than ${LIMIT_SECONDS} s.`);
    if (!existsSync(answer)) {
      throw new KnownError('E_CONFIG', `deploy.config.js cannot be read: ${tellingLine(lastLines)}`);
    }
    return parseAppSettings(JSON.parse(readFileSync(answer, 'utf8')));
  } finally {
    rmSync(answer, { force: true });
  }
}
