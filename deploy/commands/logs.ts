/** `logs [what]`: prints or follows the log of a slot, a deployment (by number), the deployer or nginx. */
import path from 'node:path';
import { KnownError } from '../core/errors';
import { moment } from '../core/format';
import { sinceFrom, timeOf } from '../core/log-times';
import { jsonText, terminalText } from '../core/terminal-text';
import { followFile } from '../os/follow-file';
import { linesFrom } from '../os/tail';
import type { DeployContext } from '../context';
import type { Options } from './run-command';
import { parseCount } from './count';
import { openCloneContext } from './run-command';

const LINES = 50;

interface LogOptions extends Options {
  lines?: string;
  since?: string;
  follow?: boolean;
  /** Also prints control sequences, which may act on the terminal. */
  raw?: boolean;
}

export async function logsCommand(what: string | undefined, options: LogOptions): Promise<number> {
  const since = parseSince(options.since);
  const count = parseCount(options.lines, since === undefined ? LINES : Infinity, '--lines');
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
  const warnOfNoTimes = ([first]: string[]): void => {
    if (since === undefined || log.knowsTimes || first === undefined || timeOf(first) !== null) return;
    console.error(`! lines of ${name} carry no time: the first ones may be older`);
  };
  if (options.follow) {
    // the reader of the pipe has exited
    process.stdout.on('error', () => process.exit(0));
    let isFirst = true;
    for await (const lines of log.follow(count, since)) {
      if (isFirst) warnOfNoTimes(lines);
      isFirst = false;
      print(lines);
    }
  }
  const lines = await log.last(count, since);
  warnOfNoTimes(lines);
  if (options.json) console.log(jsonText({ lines }));
  else if (lines.length === 0)
    console.error(
      since === undefined
        ? `- the log of ${name} is empty`
        : `- the log of ${name} has no line since ${moment(since)}`,
    );
  else print(lines);
  return 0;
}

/** Throws E_USAGE. */
function parseSince(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const since = sinceFrom(given, Date.now());
  if (since !== null) return since;
  throw new KnownError(
    'E_USAGE',
    `--since takes a duration such as 10m, or a past time such as 2026-11-30T15:00, not "${given}".`,
    './switchyard logs --since 10m (units: s, m, h, d)',
  );
}

interface Log {
  /** True if the log records when each line was written; otherwise only the lines themselves may. */
  knowsTimes: boolean;
  last(lines: number, since?: number): Promise<string[]>;
  follow(lines: number, since?: number): AsyncIterable<string[]>;
}

function logNamed({ slots, runtime, journal, home, config }: DeployContext, what: string): Log {
  if (slots.some(({ name }) => name === what))
    return {
      knowsTimes: config.runtime === 'compose',
      last: (lines, since) => runtime.logs(what, lines, since),
      follow: (lines, since) => runtime.follow(what, lines, undefined, since),
    };
  const name = fileNamed(what);
  if (/^\d+$/.test(what) && journal.get(Number(what)) === null) {
    throw new KnownError('E_USAGE', `There is no deployment ${what}.`, 'List them: ./switchyard history');
  }
  if (name !== null) {
    const file = path.join(home.logs, name);
    return {
      knowsTimes: false,
      last: (lines, since) => linesFrom(file, lines, since),
      follow: (lines, since) => followFile(file, lines, undefined, since),
    };
  }
  const known = [...slots.map((slot) => slot.name), 'deployer', 'nginx', "a deployment's number"];
  throw new KnownError('E_USAGE', `There is no log "${what}".`, `Name one of: ${known.join(', ')}.`);
}

function fileNamed(what: string): string | null {
  if (/^\d+$/.test(what)) return `deployment-${what}.log`;
  return { deployer: 'deployer.log', nginx: 'nginx-error.log' }[what] ?? null;
}
