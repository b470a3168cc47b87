/** `logs [what]`: prints or follows the log of a slot, a deployment (by number), the deployer or nginx. */
import path from 'node:path';
import { KnownError } from '../core/errors';
import { jsonText, terminalText } from '../core/terminal-text';
import { followFile } from '../os/follow-file';
import { lastLines } from '../os/tail';
import type { DeployContext } from '../context';
import type { Options } from './run-command';
import { parseCount } from './count';
import { openCloneContext } from './run-command';

const LINES = 50;

interface LogOptions extends Options {
  lines?: string;
  follow?: boolean;
  /** Also prints control sequences, which may act on the terminal. */
  raw?: boolean;
}

export async function logsCommand(what: string | undefined, options: LogOptions): Promise<number> {
  const count = parseCount(options.lines, LINES, '--lines');
  if (options.follow && options.json)
    throw new KnownError(
      'E_USAGE',
      '--follow prints lines, and --json one document.',
      'Leave one of them out.',
    );
  const context = openCloneContext();
  const name = what ?? (await context.traffic.current()).active ?? 'deployer';
  const log = logNamed(context, name);
  const print = (lines: string[]): void => {
    if (lines.length > 0) console.log(options.raw ? lines.join('\n') : terminalText(lines.join('\n')));
  };
  if (options.follow) {
    // the reader of the pipe has exited
    process.stdout.on('error', () => process.exit(0));
    for await (const lines of log.follow(count)) print(lines);
  }
  const lines = await log.last(count);
  if (options.json) console.log(jsonText({ lines }));
  else if (lines.length === 0) console.error(`- the log of ${name} is empty`);
  else print(lines);
  return 0;
}

interface Log {
  last(lines: number): Promise<string[]>;
  follow(lines: number): AsyncIterable<string[]>;
}

function logNamed({ slots, runtime, journal, home }: DeployContext, what: string): Log {
  if (slots.some(({ name }) => name === what))
    return {
      last: (lines) => runtime.logs(what, lines),
      follow: (lines) => runtime.follow(what, lines),
    };
  const name = fileNamed(what);
  if (/^\d+$/.test(what) && journal.get(Number(what)) === null) {
    throw new KnownError('E_USAGE', `There is no deployment ${what}.`, 'List them: ./switchyard history');
  }
  if (name !== null) {
    const file = path.join(home.logs, name);
    return { last: (lines) => lastLines(file, lines), follow: (lines) => followFile(file, lines) };
  }
  const known = [...slots.map((slot) => slot.name), 'deployer', 'nginx', "a deployment's number"];
  throw new KnownError('E_USAGE', `There is no log "${what}".`, `Name one of: ${known.join(', ')}.`);
}

function fileNamed(what: string): string | null {
  if (/^\d+$/.test(what)) return `deployment-${what}.log`;
  return { deployer: 'deployer.log', nginx: 'nginx-error.log' }[what] ?? null;
}
