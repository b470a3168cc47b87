/**
 * `npm run soak`: kills deployments of every strategy between every two steps and cuts the power in each phase, under
 * load, in temporary clones. Checks after each kill that the right release is live and nothing is left behind. The exit
 * code is 1 if a check fails. `npm run soak -- --only rolling --rounds 3 --runtime compose`.
 */
import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { ensureBuilt } from '../scripts/lib/build';
import { KnownFailure } from '../scripts/lib/known';
import type { Outcome } from '../test/soak/kill-outcome';
import { tableOf, type Row } from '../test/soak/report';
import { nameOf, tasksFor, type Task } from '../test/soak/tasks';
import { readOptions } from './lib/options';
import { withCleanup } from './lib/with-cleanup';
import type { PartOptions } from './soak/part';

const ROOT = path.resolve(__dirname, '..');
const RUN = path.join(__dirname, 'run.js');
const HINT =
  'npm run soak -- [--only rolling/2,cuts] [--parallel 2] [--rounds 1] [--seed 1] [--runtime compose]';
const NAMES = ['only', 'parallel', 'rounds', 'seed', 'runtime'] as const;

export async function main(args: string[]): Promise<void> {
  const { tasks, parallel, ...options } = parse(args);
  await ensureBuilt(ROOT, 'deploy', 'Switchyard');
  const startedAt = Date.now();
  const rows: Row[] = [];
  const unfinished = new Set(tasks.map(nameOf));
  const children = new Set<ChildProcess>();

  await withCleanup({
    name: 'the soak',
    run: (isInterrupted) =>
      inParallel(parallel, tasks, async (task) => {
        if (isInterrupted()) return;
        const row: Row = { name: nameOf(task), ms: 0, outcomes: [] };
        rows.push(row);
        const code = await runPart({ task, ...options }, row, children);
        if (code === 0) unfinished.delete(row.name);
      }),
    interrupt: () => {
      console.log('\nThe kills at work are the last ones.');
      for (const child of children) child.kill('SIGINT');
    },
    cleanUp: () => printTable(tasks, rows, unfinished, Date.now() - startedAt),
  });
  const bad = rows.flatMap(({ outcomes }) => outcomes).filter(({ problems }) => problems.length > 0);
  if (unfinished.size + bad.length > 0) process.exitCode = 1;
}

/** Adds its outcomes to the row. Resolves with the exit code. */
async function runPart(options: PartOptions, row: Row, children: Set<ChildProcess>): Promise<number | null> {
  const startedAt = Date.now();
  const child = fork(RUN, ['soak/part', JSON.stringify(options)], { cwd: ROOT });
  children.add(child);
  child.on('message', (outcome) => row.outcomes.push(outcome as Outcome));
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  children.delete(child);
  row.ms = Date.now() - startedAt;
  return code;
}

function printTable(tasks: Task[], rows: Row[], unfinished: Set<string>, ms: number): void {
  const order = tasks.map(nameOf);
  const sorted = rows.toSorted((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
  for (const line of tableOf(sorted, ms)) console.log(line);
  if (unfinished.size > 0) console.log(`Not finished: npm run soak -- --only ${[...unfinished].join(',')}`);
}

/** Works on the tasks in order, at most `limit` at the same time. */
async function inParallel<T>(limit: number, tasks: T[], work: (task: T) => Promise<void>): Promise<void> {
  const waiting = [...tasks];
  const worker = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await work(task);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

/** Throws E_USAGE. */
function parse(args: string[]): Omit<PartOptions, 'task'> & { tasks: Task[]; parallel: number } {
  const options = readOptions(args, NAMES, HINT);
  const { only = '', parallel = '2', rounds = '1', seed = '1', runtime = 'pm2' } = options;
  if (runtime !== 'pm2' && runtime !== 'compose') throw usage(`There is no runtime "${runtime}".`);
  const tasks = tasksFor(only.split(',').filter(Boolean));
  if (tasks === null) throw usage(`No part is named "${only}".`);
  return {
    tasks,
    runtime,
    parallel: positive(parallel),
    rounds: positive(rounds),
    seed: positive(seed),
  };
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw usage(`"${text}" is not a number of 1 or more.`);
  return Number(text);
}

function usage(message: string): Error {
  return new KnownFailure('E_USAGE', message, HINT);
}
