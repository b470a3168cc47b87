/** Shared by the PM2 tests: a home of its own and releases of the tiny app. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Release } from '../../deploy/core/release';
import type { Slot } from '../../deploy/core/slot';
import type { Home } from '../../deploy/home/home';
import { homeAt } from '../../deploy/home/home';
import { pm2Daemons } from '../../deploy/runtimes/pm2/daemon';
import { stopPm2 } from '../../deploy/runtimes/pm2/deployer';
import { freePorts } from './ports';
import { until } from './until';

export const COMMIT = 'a1b2c3d'.padEnd(40, '0');
const TINY_APP = path.join(__dirname, 'tiny-app');

export interface Pm2Fixture {
  dir: string;
  home: Home;
  blue: Slot;
  green: Slot;
  /** Stops every process and removes the folder. */
  clear(): Promise<void>;
}

export async function pm2Fixture(): Promise<Pm2Fixture> {
  const [blue = 0, green = 0] = await freePorts(2);
  // the path has a space: PM2's own start would pass such a script to bash
  const dir = mkdtempSync(path.join(tmpdir(), 'switchyard pm2-'));
  const home = homeAt(path.join(dir, 'home'));
  return {
    dir,
    home,
    blue: { name: 'blue', port: blue },
    green: { name: 'green', port: green },
    clear: async () => {
      await stopPm2({ home, stopSeconds: 0 });
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A release of the tiny app. @param faults see tiny-app/server.js */
export function release({ dir }: Pm2Fixture, ...faults: string[]): Release {
  const folder = mkdtempSync(path.join(dir, 'release '));
  cpSync(TINY_APP, folder, { recursive: true });
  for (const fault of faults) writeFileSync(path.join(folder, fault), '');
  const app = { start: 'server.js', test: null, build: null, migrate: null, health: '/health', smoke: [] };
  return { commit: COMMIT, version: '1.0.0', subject: 'tiny', dir: folder, app };
}

/** The answer of the app in a slot, as soon as it listens. */
export function answer({ port }: Slot): Promise<unknown> {
  return until(`an answer on port ${port}`, () =>
    fetch(`http://127.0.0.1:${port}/health`, { headers: { connection: 'close' } })
      .then((response) => response.json() as unknown)
      .catch(() => undefined),
  );
}

export function killPm2Daemon({ home }: Pm2Fixture): void {
  for (const { pid } of pm2Daemons(home)) process.kill(pid, 'SIGKILL');
}

/** Counts a zombie as gone. */
export function isGone(pid: number | null): boolean {
  return !existsSync(`/proc/${pid}`) || /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
