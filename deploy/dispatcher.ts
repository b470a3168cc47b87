/**
 * Begins deployments, one at a time, each in a process of its own that outlives the deployer. The same
 * look, many times a second, finds one whose process died: the lock is free though the journal says it runs.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import path from 'node:path';
import { decideQueue } from './core/queue';
import { deployerEnvironment } from './runtimes/app-environment';
import { isLocked } from './lock';
import type { Yard } from './yard';

const LOOK_EVERY_MS = 200;
const MOST_RECOVERIES = 3;

export interface Dispatcher {
  start(): void;
  stop(): void;
  /** Look now: something was asked for. */
  poke(): void;
}

export function createDispatcher(yard: Yard): Dispatcher {
  let timer: NodeJS.Timeout | undefined;
  let child: ChildProcess | null = null;
  let looking = false;
  let again = false;
  const tried = new Map<number, number>();

  const look = async (): Promise<void> => {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    do {
      again = false;
      // a journal that is busy for long is no reason to end: the next look is soon
      await lookOnce().catch((error: unknown) => console.error('dispatcher:', error));
    } while (again);
    looking = false;
  };

  const lookOnce = async (): Promise<void> => {
    const pending = yard.journal.pending();
    const { begin, superseded } = decideQueue(pending);
    for (const { id } of superseded)
      await yard.journal.move(id, 'superseded', { cause: 'a newer push waits' });
    if (child || pending.length === 0 || isLocked(yard.home)) return;
    const dead = yard.journal.active();
    if (dead && recoveries(dead.id) > MOST_RECOVERIES) return giveUp(yard, dead.id);
    const next = dead ?? begin;
    if (next) child = launch(yard, next.id, finished);
  };

  const recoveries = (id: number): number => {
    const count = (tried.get(id) ?? 0) + 1;
    tried.set(id, count);
    return count;
  };

  const finished = (): void => {
    child = null;
    void look();
  };

  return {
    start: () => {
      timer = setInterval(() => void look(), LOOK_EVERY_MS);
      void look();
    },
    stop: () => clearInterval(timer),
    poke: () => void look(),
  };
}

/** A recovery that dies again and again would hold up the queue for ever. */
async function giveUp(yard: Yard, id: number): Promise<void> {
  const cause = 'its process died, and so did every attempt to recover it';
  await yard.journal.move(id, 'interrupted', { fault: 'machine', errorCode: 'E_INTERRUPTED', cause });
}

function launch(yard: Yard, id: number, onExit: () => void): ChildProcess {
  const log = openSync(path.join(yard.home.logs, 'deployments.log'), 'a');
  const child = spawn(process.execPath, [path.join(__dirname, 'deployment.js'), String(id)], {
    // its own process group: it outlives us, and can be ended as a whole
    detached: true,
    cwd: yard.home.dir,
    env: { ...deployerEnvironment(process.env), SWITCHYARD_HOME: yard.home.dir, SWITCHYARD_ROOT: yard.root },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.once('exit', onExit);
  child.once('error', onExit);
  child.unref();
  return child;
}
