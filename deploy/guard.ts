/**
 * The last resort without systemd. PM2's daemon and the deployer restart each other, but not if both are killed at the
 * same time. This small process waits for that, starts both, and exits; the new deployer starts the next guard. See
 * docs/decisions/0023-a-guard-for-the-deployer.md.
 */
import { appendFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardProcesses } from './deployer/guard-process';
import { homeAt } from './home/home';
import type { Home } from './home/home';
import type { OsProcess } from './os/process-table';
import { isAlive, ownProcess, processesWith } from './os/process-table';

const POLL_EVERY_MS = 500;
/** PM2's daemon and the deployer restart each other in less time than this many checks. */
const MISSED_CHECKS = 3;
const LONGEST_PAUSE_MS = 60_000;
const SUPERVISED = /God Daemon|\/pm2\/lib\/Daemon\.js|\/dist\/deploy\/daemon\.js$/;

async function main(home: Home, root: string): Promise<void> {
  if (hasOlder(home)) return;
  for (let tried = 0; await areGone(home); tried += 1) {
    if (await startAgain(home, root)) return;
    await sleep(Math.min(POLL_EVERY_MS * 2 ** tried, LONGEST_PAUSE_MS));
  }
}

function hasOlder(home: Home): boolean {
  const mine = ownProcess();
  return guardProcesses(home).some(
    ({ pid, startedAt }) => startedAt < mine.startedAt || (startedAt === mine.startedAt && pid < mine.pid),
  );
}

/** Waits until neither PM2's daemon nor the deployer is alive. False if the home is gone. */
async function areGone(home: Home): Promise<boolean> {
  let known: OsProcess[] = [];
  for (let missed = 0; missed < MISSED_CHECKS;) {
    await sleep(POLL_EVERY_MS);
    if (!existsSync(home.settings)) return false;
    // searching all processes is expensive
    if (!known.some(isAlive)) known = supervised(home);
    missed = known.length > 0 ? 0 : missed + 1;
  }
  return true;
}

function supervised(home: Home): OsProcess[] {
  const marked = [...processesWith('SWITCHYARD_HOME', home.dir), ...processesWith('PM2_HOME', home.pm2)];
  return marked.filter(({ argv }) => argv.some((word) => SUPERVISED.test(word)));
}

/** Imports its code only when needed, which keeps a waiting guard small. */
async function startAgain(home: Home, root: string): Promise<boolean> {
  try {
    const { reviveDeployer } = await import('./deployer/revive');
    return await reviveDeployer(home, root);
  } catch (error) {
    appendFileSync(
      path.join(home.logs, 'deployer.log'),
      `${new Date().toISOString()} guard: ${String(error)}\n`,
    );
    return false;
  }
}

void main(homeAt(process.env.SWITCHYARD_HOME ?? ''), process.env.SWITCHYARD_ROOT ?? '');
