/** Checks that PM2's daemon, which restarts dead processes, responds and has the version that this clone pins. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { asKnown } from '../core/errors';
import { Pm2Down } from '../runtimes/pm2/rpc';
import type { Judgement } from './finding';
import { fault, ok } from './finding';
import type { DoctorContext } from './context';

export async function checkProcessManager(context: DoctorContext): Promise<Judgement[]> {
  try {
    return judgePm2(await context.pm2(), pinnedPm2());
  } catch (error) {
    if (error instanceof Pm2Down) {
      return [fault("PM2's daemon is not running: a process that dies would not be restarted.", 'npm start')];
    }
    if (asKnown(error).code !== 'E_RUNTIME') throw error;
    return [fault("PM2's daemon does not answer: a process that dies would not be restarted.", 'npm start')];
  }
}

export function judgePm2(runs: string, pinned: string): Judgement[] {
  if (runs === pinned) return [ok(`PM2 ${runs}`)];
  return [fault(`PM2 ${runs} is running, but this clone pins ${pinned}.`, 'npm stop && npm start')];
}

function pinnedPm2(): string {
  const file = path.join(path.dirname(require.resolve('pm2/lib/Daemon.js')), '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
