/** A live clone for the benchmark: a copy with its own home, in which the app's commands record their times. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { UserConfig } from '../../deploy/config/load';
import type { Deployment } from '../../deploy/core/deployment';
import type { JournalEvent } from '../../deploy/core/event';
import { homeAt, type Home } from '../../deploy/home/home';
import { Journal } from '../../deploy/journal/journal';
import { freePorts } from '../../test/support/ports';
import { makeCopy } from '../lib/copy';
import { onCleanup, output } from './processes';

const ROOT = path.resolve(__dirname, '..', '..');
/** Runs the command and records when it starts and finishes, in seconds. Starts no other program. */
const TIMER =
  '{ echo "$0 begin $EPOCHREALTIME" >> "$1"; } 2>&-; f=$1; shift; "$@"; code=$?; { echo "$0 end $EPOCHREALTIME" >> "$f"; } 2>&-; exit $code';

export interface Clone {
  dir: string;
  home: Home;
  http: number;
  run(file: string, args: string[]): Promise<string>;
  /** Commits and pushes. Returns when git called the first hook, in milliseconds since 1970. */
  push(message: string): Promise<number>;
  /** How long each command of the last deployment ran, in milliseconds. */
  commandTimes(): Record<string, number>;
  forgetTimes(): void;
  last(): { deployment: Deployment; events: JournalEvent[] };
  stop(): Promise<void>;
}

export async function startClone(runtime: 'pm2' | 'compose'): Promise<Clone> {
  const [http = 0, blue = 0, green = 0, deployer = 0] = await freePorts(4);
  const settings = { BAKE_SECONDS: '0', RUNTIME: runtime, APP_NAME: 'switchyard-bench' };
  const copy = await makeCopy(ROOT, { name: 'bench', ports: { http, blue, green, deployer }, settings });
  const stop = onCleanup(() => copy.remove());
  const top = path.dirname(copy.dir);
  const times = path.join(top, 'times');
  const trace = path.join(top, 'trace');
  const home = homeAt(path.join(top, 'home'));
  timeCommands(copy.dir, times);
  const run = (file: string, args: string[], more: NodeJS.ProcessEnv = {}): Promise<string> =>
    output(file, args, { cwd: copy.dir, env: { ...copy.env, ...more } });
  const commit = async (message: string): Promise<void> => {
    await run('git', ['add', '--all']);
    await run('git', ['commit', '--quiet', '--allow-empty', '-m', message]);
  };
  await commit('Time the commands');
  await run('npm', ['start']);
  return {
    dir: copy.dir,
    home,
    http,
    run,
    async push(message) {
      await commit(message);
      rmSync(trace, { force: true });
      await run('git', ['push', 'live', 'main'], { GIT_TRACE2_EVENT: trace });
      return hookStart(trace);
    },
    commandTimes: () => parseTimes(times),
    forgetTimes: () => rmSync(times, { force: true }),
    last() {
      const journal = Journal.open(home);
      try {
        const [deployment] = journal.history(1);
        if (!deployment) throw new Error('the journal has no deployment');
        return { deployment, events: journal.since(0, deployment.id) };
      } finally {
        journal.close();
      }
    },
    stop,
  };
}

/**
 * Wraps the commands in the commit's own configuration. It stays data, as the shipped file is: with `require`, a file is
 * loaded in a process of its own, which costs 70 ms each time.
 */
function timeCommands(dir: string, times: string): void {
  const file = path.join(dir, 'deploy.config.js');
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const own = require(file) as UserConfig;
  const timed = (name: string, argv: string[] | null | undefined): string[] | null | undefined =>
    argv && ['bash', '-c', TIMER, name, times, ...argv];
  const { test, build, migrate } = own.app ?? {};
  const app = {
    ...own.app,
    test: timed('test', test),
    build: timed('build', build),
    migrate: timed('migrate', migrate),
  };
  writeFileSync(file, `module.exports = ${JSON.stringify({ ...own, app }, null, 2)};\n`);
}

function parseTimes(file: string): Record<string, number> {
  const times: Record<string, number> = {};
  if (!existsSync(file)) return times;
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const [name = '', what, seconds] = line.split(' ');
    const ms = Number(seconds) * 1000;
    times[name] = what === 'begin' ? -ms : (times[name] ?? 0) + ms;
  }
  return times;
}

/** @param trace written by git (trace2) */
function hookStart(trace: string): number {
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    if (!line.includes('"pre-receive"')) continue;
    const { event, time } = JSON.parse(line) as { event: string; time: string };
    if (event === 'child_start') return new Date(time).getTime();
  }
  throw new Error('git traced no hook');
}
