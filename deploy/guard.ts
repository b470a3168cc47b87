/**
 * The last resort where no systemd is. PM2's daemon starts the deployer again, and the deployer PM2's daemon; killed
 * together nobody would. This small process waits for that, starts both, and ends: the new deployer starts the next
 * guard. See docs/decisions/0023-a-guard-for-the-deployer.md.
 */
import { appendFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardsOf } from './deployer/guard-process';
import { homeAt } from './home/home';
import type { Home } from './home/home';
import type { OsProcess } from './os/process-table';
import { isAlive, ownProcess, processesWith } from './os/process-table';

const LOOK_EVERY_MS = 500;
/** PM2 starts a deployer again within this time, and a deployer PM2's daemon. */
const MISSED_LOOKS = 3;
const LONGEST_PAUSE_MS = 60_000;
const SUPERVISED = /God Daemon|\/pm2\/lib\/Daemon\.js|\/dist\/deploy\/daemon\.js$/;

async function main(home: Home, root: string): Promise<void> {
  if (hasOlder(home)) return;
  for (let tried = 0; await areGone(home); tried += 1) {
    if (await startAgain(home, root)) return;
    await sleep(Math.min(LOOK_EVERY_MS * 2 ** tried, LONGEST_PAUSE_MS));
  }
}

function hasOlder(home: Home): boolean {
  const mine = ownProcess();
  return guardsOf(home).some(
    ({ pid, startedAt }) => startedAt < mine.startedAt || (startedAt === mine.startedAt && pid < mine.pid),
  );
}

/** Waits until neither PM2's daemon nor the deployer lives. False when there is nothing to guard any more. */
async function areGone(home: Home): Promise<boolean> {
  let known: OsProcess[] = [];
  for (let missed = 0; missed < MISSED_LOOKS;) {
    await sleep(LOOK_EVERY_MS);
    if (!existsSync(home.settings)) return false;
    // the look through all processes is dear
    if (!known.some(isAlive)) known = supervised(home);
    missed = known.length > 0 ? 0 : missed + 1;
  }
  return true;
}

function supervised(home: Home): OsProcess[] {
  const marked = [...processesWith('SWITCHYARD_HOME', home.dir), ...processesWith('PM2_HOME', home.pm2)];
  return marked.filter(({ argv }) => argv.some((word) => SUPERVISED.test(word)));
}

/** What it needs is loaded now: until then the guard is small. */
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
